import type { Transaction } from '@muster/persistence/database.js';

/** A device in a deployment. */
interface Pair {
  readonly deploymentUid: string;
  readonly deviceUid: string;
}

/** How the newest run of a device in a deployment that has ended did end; null: none has. */
export interface NewestEnd extends Pair {
  readonly result: 'succeeded' | 'failed' | null;
}

/**
 * How many devices of each deployment ended well and badly, kept by what changes it. Only the newest run of a device that has ended
 * counts: it takes the place of the one before it, and an older one that ends late changes nothing.
 */
export class TallyRepository {
  /** How things are before the ends of runs are kept: `count` wants to know. */
  async before(tx: Transaction, runs: readonly Pair[]): Promise<NewestEnd[]> {
    if (runs.length === 0) return [];
    const pairs = [...new Map(runs.map((one) => [`${one.deploymentUid} ${one.deviceUid}`, one])).values()];
    return tx.prepared<NewestEnd>(
      'newest ends of devices',
      `select pair.deployment_uid as "deploymentUid", pair.device_uid as "deviceUid", newest.end_result as result
       from unnest($1::uuid[], $2::uuid[]) as pair (deployment_uid, device_uid)
       left join lateral (${NEWEST}) as newest on true`,
      [pairs.map(({ deploymentUid }) => deploymentUid), pairs.map(({ deviceUid }) => deviceUid)],
    );
  }

  /** Counts what has changed since, in the same transaction. */
  async count(tx: Transaction, before: readonly NewestEnd[]): Promise<void> {
    if (before.length === 0) return;
    await tx.prepared(
      'count the ends of runs',
      `insert into deployment_tally as tally (deployment_uid, succeeded, failed)
       select pair.deployment_uid,
         sum((newest.end_result = 'succeeded')::int - (pair.result is not distinct from 'succeeded')::int),
         sum((newest.end_result = 'failed')::int - (pair.result is not distinct from 'failed')::int)
       from unnest($1::uuid[], $2::uuid[], $3::text[]) as pair (deployment_uid, device_uid, result)
       cross join lateral (${NEWEST}) as newest
       group by pair.deployment_uid order by pair.deployment_uid
       on conflict (deployment_uid) do update
         set succeeded = tally.succeeded + excluded.succeeded, failed = tally.failed + excluded.failed`,
      [
        before.map(({ deploymentUid }) => deploymentUid),
        before.map(({ deviceUid }) => deviceUid),
        before.map(({ result }) => result),
      ],
    );
  }
}

const NEWEST = `select end_result from run
  where deployment_uid = pair.deployment_uid and device_uid = pair.device_uid and end_result is not null
  order by arrival desc limit 1`;
