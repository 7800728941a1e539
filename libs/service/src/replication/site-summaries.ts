import { sameJson } from '@muster/contracts/digest.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database, Queryable, Transaction } from '@muster/persistence/database.js';
import { ReplicaRepository } from '@muster/replication/replica.repository.js';
import type { Logger } from 'pino';
import type { Replicas } from './replicas.js';
import type { SiteReplication } from './site-replication.js';

/** What a site tells the sites above it of each of its objects: results, which it alone can know. */
export interface Summary<Content> {
  /** Of the records: a kind of site data in libs/hierarchy. */
  readonly kind: string;
  /** What is true at this site now, by the name of the object. */
  read(database: Queryable): Promise<Map<string, Content>>;
  /** Cheaper than `read`, where that counts much: while it answers the same, so does `read`. */
  mark?(database: Queryable): Promise<string>;
}

const LOOK_MILLISECONDS = 5_000;
const WRITTEN_AT_ONCE = 1_000;
/** A mark that stays the same is believed for so long: what was told may be another by a restored database. */
const BELIEVED_MILLISECONDS = 300_000;

/** Keeps what is told upwards true: only what has changed since is written, a few at a time. */
export class SiteSummaries {
  private readonly replicas = new ReplicaRepository();
  private readonly loop: Loop;
  /** What was read last and is told, by kind. */
  private readonly marks = new Map<string, { readonly mark: string; readonly until: number }>();

  constructor(
    private readonly site: string,
    private readonly database: Database,
    private readonly log: Replicas['log'],
    private readonly replication: SiteReplication,
    private readonly summaries: readonly Summary<unknown>[],
    logger: Logger,
  ) {
    const failed = (error: unknown) => logger.warn({ err: error }, 'cannot sum up for the site above right now');
    this.loop = new Loop(() => this.round(), LOOK_MILLISECONDS, failed);
  }

  start(): void {
    if (this.log) this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
  }

  private async round(): Promise<void> {
    if (!this.replication.hasParent) return;
    for (const summary of this.summaries) await this.tell(summary);
  }

  private async tell(summary: Summary<unknown>): Promise<void> {
    const { kind } = summary;
    // Before what it stands for is read: a change in between is found by the next round.
    const mark = await summary.mark?.(this.database);
    const last = this.marks.get(kind);
    if (mark !== undefined && last?.mark === mark && last.until > performance.now()) return;
    await this.database.transaction(async (tx) => {
      // Two processes that find the same change would tell it twice: the other one looks at its next round.
      if (!(await this.isMine(tx))) return;
      const now = await summary.read(tx);
      const told = await this.replicas.ownedBy(tx, kind, this.site);
      const nameOf = (key: string) => key.slice(0, key.lastIndexOf('/'));
      const gone = [...told.keys()].map(nameOf).filter((name) => !now.has(name));
      const changed = [...now].filter(([name, content]) => !sameJson(told.get(this.key(name)), content));
      const writes = [...gone.map((name) => [name, null] as const), ...changed];
      const record = { kind, schemaVersion: 1, understand: (content: unknown) => content };
      // What does not fit is found again by the next round.
      const some = writes.slice(0, WRITTEN_AT_ONCE).map(([name, content]) => ({ key: this.key(name), content }));
      await this.log?.recordMany(tx, record, some, { dataClass: 'site', owner: this.site });
      if (writes.length > WRITTEN_AT_ONCE) return tx.afterCommit(() => this.loop.nudge());
      if (mark === undefined) return;
      tx.afterCommit(() => this.marks.set(kind, { mark, until: performance.now() + BELIEVED_MILLISECONDS }));
    });
  }

  private async isMine(tx: Transaction): Promise<boolean> {
    const [lock] = await tx.query<{ mine: boolean }>(
      `select pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.summaries', 0)) as mine`,
    );
    return lock?.mine ?? false;
  }

  private key(name: string): string {
    return `${name}/${this.site}`;
  }
}

/**
 * What each site below told of some objects, by the name of the object; none at a site without others below it.
 * @param here this site: what it tells those above is no news of one below
 */
export async function summariesOf<Content>(
  database: Queryable,
  kind: string,
  names: readonly string[],
  here: string,
): Promise<Map<string, (Content & { site: string })[]>> {
  const found = new Map<string, (Content & { site: string })[]>();
  for (const { name, site, content } of await new ReplicaRepository().aboutObjects(database, kind, names)) {
    if (site === here) continue;
    found.set(name, [...(found.get(name) ?? []), { site, ...(content as Content) }]);
  }
  return found;
}
