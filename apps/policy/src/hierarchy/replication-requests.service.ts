import { Inject, Injectable } from '@nestjs/common';
import type {
  HierarchyConflict,
  HierarchyConflictList,
  ReinitialiseResult,
  VerifyResult,
} from '@muster/contracts/hierarchy/site-views.js';
import { readAnew, readConflicts, settleConflict, verifyReplication } from '@muster/contracts/requests/replication.js';
import type { ServiceName } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import { audit } from '@muster/persistence/audit.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { SERVICES } from './gather-links.js';
import { SiteViews } from './site-views.service.js';

/** Comparing takes a while; whoever asks over HTTP is given up on after a minute. */
const VERIFY_MILLISECONDS = 50_000;
const LISTED = 500;

type Asked<Answer> =
  | { readonly service: ServiceName; readonly answer: Answer }
  | { readonly service: ServiceName; readonly error: string };

/** What people want of the replication of all services at once. */
@Injectable()
export class ReplicationRequests {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(SiteViews) private readonly views: SiteViews,
  ) {}

  /** @throws MusterError `hierarchy.no-such-site`, `hierarchy.not-a-neighbour` */
  async verify({ peer, repair = false }: { peer?: string; repair?: boolean }, actor: string): Promise<VerifyResult> {
    if (peer !== undefined) await this.requireNeighbour(peer);
    if (repair) await this.note(peer ?? 'all', 'repaired', actor);
    const question = { repair, ...(peer === undefined ? {} : { peer }) };
    const asked = await each((service) => this.bus.request(verifyReplication(service), question, VERIFY_MILLISECONDS));
    const services = asked.map((one) =>
      'error' in one
        ? { service: one.service, error: one.error, compared: [] }
        : { service: one.service, error: null, compared: one.answer.compared },
    );
    const same = services.every(
      ({ error, compared }) =>
        error === null &&
        compared.every((one) => one.error === null && one.differences.length <= (repair ? one.repaired : 0)),
    );
    return { same, services };
  }

  /** @throws MusterError `hierarchy.no-such-site`, `hierarchy.not-a-neighbour` */
  async reinitialise(peer: string, actor: string): Promise<ReinitialiseResult> {
    await this.requireNeighbour(peer);
    await this.note(peer, 'reinitialised', actor);
    const asked = await each((service) => this.bus.request(readAnew(service), { peer }));
    return {
      services: asked.map((one) =>
        'error' in one
          ? { service: one.service, begun: false, error: one.error }
          : { service: one.service, begun: one.answer.begun, error: null },
      ),
    };
  }

  async conflicts(): Promise<HierarchyConflictList> {
    const { items, unanswered } = await this.find({ limit: LISTED });
    items.sort((one, other) => other.writtenAt.localeCompare(one.writtenAt));
    return { items: items.slice(0, LISTED), unanswered };
  }

  /** @throws MusterError `hierarchy.no-such-conflict`, or `bus.no-answer` where it may be with a service that does not say */
  async conflict(name: string): Promise<HierarchyConflict> {
    const { items, unanswered } = await this.find({ name, limit: 1 });
    const found = items.find((one) => one.name === name);
    if (found) return found;
    const [silent] = unanswered;
    if (silent)
      throw new MusterError('unavailable', 'bus.no-answer', `The ${silent} service did not answer. Try again later`);
    throw new MusterError(
      'not-found',
      'hierarchy.no-such-conflict',
      `There is no conflict ${name}; somebody may have settled it. "muster hierarchy conflicts" lists them`,
    );
  }

  /** @throws MusterError as `conflict` does, or as the service that keeps it refuses to write the loser anew */
  async settle(
    { name, how }: { name: string; how: 'restore' | 'dismiss' },
    actor: string,
  ): Promise<{ settled: boolean; service: ServiceName }> {
    const { service } = await this.conflict(name);
    const { settled } = await this.bus.request(settleConflict(service), { name, how, actor });
    return { settled, service };
  }

  private async find(question: { name?: string; limit: number }) {
    const asked = await each((service) => this.bus.request(readConflicts(service), question));
    return {
      items: asked.flatMap((one) =>
        'error' in one ? [] : one.answer.conflicts.map((conflict) => ({ ...conflict, service: one.service })),
      ) as HierarchyConflict[],
      unanswered: asked.flatMap((one) => ('error' in one ? [one.service] : [])),
    };
  }

  private async requireNeighbour(code: string): Promise<void> {
    const site = await this.views.read(code);
    if (site.link) return;
    throw new MusterError(
      'conflict',
      'hierarchy.not-a-neighbour',
      `There is no link to ${code}: only the site above, and sites right below that are not revoked, have one`,
    );
  }

  private async note(peer: string, action: string, actor: string): Promise<void> {
    await this.database.transaction((tx) =>
      audit(tx, { actor, action, kind: 'Site', name: peer, correlationId: currentTraceId() }),
    );
  }
}

/** Asks all services at once; one that fails does not hide what the others say. */
async function each<Answer>(ask: (service: ServiceName) => Promise<Answer>): Promise<Asked<Answer>[]> {
  return Promise.all(
    SERVICES.map(async (service) => {
      try {
        return { service, answer: await ask(service) };
      } catch (error) {
        return { service, error: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}
