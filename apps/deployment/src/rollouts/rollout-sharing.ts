import type { Queryable } from '@muster/persistence/database.js';
import type { Hierarchy } from '@muster/replication/hierarchy.repository.js';
import type { SiteUse } from '@muster/schedule/rollout/divide-cap.js';
import { ROLLOUT_SHARE, ROLLOUT_USE, type RolloutShare, type RolloutUse } from './rollout-share.js';
import type { RolloutShareRepository } from './rollout-share.repository.js';

/** A site's part in a rollout, as the site above knows it. */
export interface SiteSharing extends SiteUse {
  readonly share?: RolloutShare | undefined;
  readonly use?: RolloutUse | undefined;
}

/** What was told of one deployment, by site. */
export type Sharing = ReadonlyMap<string, { readonly share?: RolloutShare; readonly use?: RolloutUse }>;

/** What sites were told of shares, and what they report, by deployment; of one of them or of all. */
export async function readSharing(
  database: Queryable,
  shares: RolloutShareRepository,
  deployment?: string,
): Promise<ReadonlyMap<string, Sharing>> {
  const found = new Map<string, Map<string, { share?: RolloutShare; use?: RolloutUse }>>();
  const at = (name: string, site: string) => {
    const sites = found.get(name) ?? new Map<string, { share?: RolloutShare; use?: RolloutUse }>();
    found.set(name, sites);
    const one = sites.get(site) ?? {};
    sites.set(site, one);
    return one;
  };
  for (const { deployment: name, site, content } of await shares.records(database, ROLLOUT_SHARE.kind, deployment)) {
    at(name, site).share = ROLLOUT_SHARE.understand(content);
  }
  for (const { deployment: name, site, content } of await shares.records(database, ROLLOUT_USE.kind, deployment)) {
    at(name, site).use = ROLLOUT_USE.understand(content);
  }
  return found;
}

/** Whether a site divides rollouts among others: it has no devices of its own. */
export function divides(hierarchy: Hierarchy | undefined): hierarchy is Hierarchy {
  return hierarchy?.own?.kind === 'central';
}

/** The primary sites right below this one; one that was put out counts no more. */
export function sitesOf(sharing: Sharing | undefined, { here, sites }: Hierarchy): SiteSharing[] {
  return [...sites.values()]
    .filter(({ kind, parent, revoked }) => kind === 'primary' && parent === here && !revoked)
    .map(({ code }) => {
      const { share, use } = sharing?.get(code) ?? {};
      return {
        site: code,
        told: share?.most ?? 0,
        heard: use !== undefined && (share === undefined || use.told === share.told),
        held: use?.held ?? 0,
        needed: use?.needed ?? 0,
        share,
        use,
      };
    });
}
