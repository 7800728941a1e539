import type { DistributionSpec, DistributionStatus } from '@muster/contracts/kinds/distribution.js';
import type { TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { EventLog } from '../events/event-log.js';
import { distributionNews, NOTHING_TOLD, type ToldDistribution } from './distribution-news.js';

/** What happened long before this service heard of it is no news: it hears of a whole site when it is made or updated. */
const FRESH_MILLISECONDS = 60 * 60_000;

type TaskSequence = Resource<unknown, TaskSequenceStatus>;
type Distribution = Resource<DistributionSpec, DistributionStatus>;

/**
 * Tells as events what happens in the other services: sequences that people make, change and delete, and content that arrives. Each in
 * the transaction that takes their fact in, so that none is told twice or lost.
 */
export class News {
  constructor(private readonly log: EventLog) {}

  /** Another revision is news; a label or a folder is not. */
  async sequenceSaved(tx: Transaction, { metadata, status }: TaskSequence, actor: string): Promise<void> {
    const { uid, name } = metadata;
    const { revision } = status;
    const rows = await tx.query(
      `insert into told_sequence (uid, revision) values ($1, $2)
       on conflict (uid) do update set revision = excluded.revision where told_sequence.revision < excluded.revision returning 1`,
      [uid, revision],
    );
    if (rows.length === 0 || !isFresh(metadata)) return;
    const [type, done] =
      revision === 1 ? (['sequence.created', 'created'] as const) : (['sequence.changed', 'changed'] as const);
    const message = `task sequence ${name} was ${done} by ${actor}: revision ${revision}`;
    await this.log.add(tx, type, `task-sequences/${name}`, { message, taskSequence: name, actor });
  }

  async sequenceDeleted(tx: Transaction, { metadata: { uid, name } }: TaskSequence, actor: string): Promise<void> {
    await tx.query('delete from told_sequence where uid = $1', [uid]);
    const message = `task sequence ${name} was deleted by ${actor}`;
    await this.log.add(tx, 'sequence.deleted', `task-sequences/${name}`, { message, taskSequence: name, actor });
  }

  async distributionSaved(tx: Transaction, distribution: Distribution): Promise<void> {
    const { uid, name } = distribution.metadata;
    const [before] = await tx.query<{ told: ToldDistribution }>('select told from told_distribution where uid = $1', [
      uid,
    ]);
    const { news, told } = distributionNews(distribution, before?.told ?? NOTHING_TOLD);
    await tx.query(
      'insert into told_distribution (uid, told) values ($1, $2) on conflict (uid) do update set told = excluded.told',
      [uid, JSON.stringify(told)],
    );
    if (!isFresh(distribution.metadata)) return;
    for (const { type, data } of news) await this.log.add(tx, type, `distributions/${name}`, data);
  }

  async distributionDeleted(tx: Transaction, { metadata: { uid } }: Distribution): Promise<void> {
    await tx.query('delete from told_distribution where uid = $1', [uid]);
  }
}

function isFresh({ updatedAt }: { readonly updatedAt: string }): boolean {
  return Date.now() - Date.parse(updatedAt) < FRESH_MILLISECONDS;
}
