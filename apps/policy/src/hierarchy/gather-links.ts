import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import type { SiteLink, SiteView } from '@muster/contracts/hierarchy/site-views.js';
import type { ServiceLink } from '@muster/contracts/requests/replication.js';
import type { ServiceName } from '@muster/contracts/resource.js';

/** The services of a site, in the order in which they are listed to people. */
export const SERVICES: readonly ServiceName[] = ['catalog', 'deployment', 'content', 'policy'];

/** What a service says of its links; null: it does not say. */
export type ServiceLinks = ReadonlyMap<ServiceName, readonly ServiceLink[] | null>;

const WORST_FIRST: readonly SiteLink['state'][] = ['failed', 'unanswered', 'degraded', 'starting', 'active'];

/** The link to one neighbour: as good as in the service where it is worst. */
export function linkTo(peer: string, answers: ServiceLinks): SiteLink {
  const services = SERVICES.map((service) => ({
    service,
    link: answers.get(service)?.find((link) => link.peer === peer) ?? null,
  }));
  const states = services.map(({ service, link }) => link?.state ?? (answers.get(service) ? 'starting' : 'unanswered'));
  const links = services.flatMap(({ link }) => (link ? [link] : []));
  const whole = links.length === SERVICES.length;
  return {
    state: WORST_FIRST.find((state) => states.includes(state)) ?? 'active',
    backlog: links.reduce((sum, { backlog }) => sum + backlog, 0),
    succeededAt: whole ? earliest(links.map(({ succeededAt }) => succeededAt)) : null,
    levelAt: whole ? earliest(links.map(({ levelAt }) => levelAt)) : null,
    lastError: links.find(({ lastError }) => lastError !== null)?.lastError ?? null,
    services,
  };
}

/** The sites around this one: its neighbours with the worst links first, then itself and the rest by code. */
export function viewSites(here: string, sites: readonly HierarchySiteRecord[], answers: ServiceLinks): SiteView[] {
  const own = sites.find(({ code }) => code === here);
  const views = sites.map((site): SiteView => {
    const relation =
      site.code === here ? 'self' : site.code === own?.parent ? 'parent' : site.parent === here ? 'child' : 'other';
    const linked = (relation === 'parent' || relation === 'child') && !site.revoked;
    return { ...site, relation, link: linked ? linkTo(site.code, answers) : null };
  });
  return views.sort((one, other) => rank(one) - rank(other) || one.code.localeCompare(other.code));
}

function rank({ link }: SiteView): number {
  return link ? WORST_FIRST.indexOf(link.state) : WORST_FIRST.length;
}

/** null: one of them has no time at all. */
function earliest(times: readonly (string | null)[]): string | null {
  return times.includes(null) ? null : (times as string[]).reduce((one, other) => (other < one ? other : one));
}
