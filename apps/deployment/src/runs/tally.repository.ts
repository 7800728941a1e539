import type { Transaction } from '@muster/persistence/database.js';

/** How many devices of each deployment ended well and badly, kept by what changes it. */
export class TallyRepository {
  /**
   * Counts the end of a run. Only the newest run of a device that has ended counts: it takes the place of the one before
   * it, and an older one that ends late changes nothing.
   *
   * @param before the end that the run had before, if it had one
   */
  async count(tx: Transaction, runUid: string, before: 'succeeded' | 'failed' | undefined): Promise<void> {
    await tx.prepared(
      'count the end of a run',
      `insert into deployment_tally as tally (deployment_uid, succeeded, failed)
       select this.deployment_uid,
         (this.end_result = 'succeeded')::int - (coalesce($2, older.end_result) is not distinct from 'succeeded')::int,
         (this.end_result = 'failed')::int - (coalesce($2, older.end_result) is not distinct from 'failed')::int
       from run as this
       left join lateral (
         select end_result from run
         where deployment_uid = this.deployment_uid and device_uid = this.device_uid and end_result is not null
           and arrival < this.arrival
         order by arrival desc limit 1
       ) as older on true
       where this.uid = $1 and not exists (
         select 1 from run
         where deployment_uid = this.deployment_uid and device_uid = this.device_uid and end_result is not null
           and arrival > this.arrival
       )
       on conflict (deployment_uid) do update
         set succeeded = tally.succeeded + excluded.succeeded, failed = tally.failed + excluded.failed`,
      [runUid, before ?? null],
    );
  }
}
