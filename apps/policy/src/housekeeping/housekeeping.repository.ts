import type { Queryable } from '@muster/persistence/database.js';

/**
 * A run that was silent for this long is forgotten here. A report that is repeated later becomes a second fact; the
 * deployment service, which keeps the history, drops it by run and number. (Issue 6 partitions the table by time.)
 */
const RUN_SILENT_DAYS = 31;
/** How long a device that left a collection may still report on its deployments, and is told to stop what it runs of them. */
export const LEFT_DAYS = 90;
/** Whoever was woken in this time was woken; a process that slept longer hears at the next poll. */
const CHANGE_MINUTES = 10;
const UNUSED_TOKEN_DAYS = 31;
const AT_ONCE = 5_000;

/** What nobody needs any more. */
export class HousekeepingRepository {
  /** Deletes some of each; true when there may be more. */
  async deleteSome(database: Queryable): Promise<boolean> {
    const deleted = await Promise.all([
      this.delete(database, 'session_assertion', 'expires_at < now()'),
      this.delete(
        database,
        'reported_run',
        // Facts that a consumer has not read yet are made whole of these reports; the outbox keeps them for as long.
        `last_report_at < now() - interval '${RUN_SILENT_DAYS} days' and last_report_at < coalesce(
           (select occurred_at from outbox order by position nulls last limit 1), 'infinity')`,
      ),
      this.delete(database, 'device_member', `left_at < now() - interval '${LEFT_DAYS} days'`),
      this.delete(database, 'run_stop', `asked_at < now() - interval '${LEFT_DAYS} days'`),
      this.delete(database, 'policy_change', `changed_at < now() - interval '${CHANGE_MINUTES} minutes'`),
      this.delete(database, 'device_call', `called_at < now() - interval '${CHANGE_MINUTES} minutes'`),
      this.delete(database, 'enrolment_token', `expires_at < now() - interval '${UNUSED_TOKEN_DAYS} days'`),
    ]);
    return deleted.some((count) => count === AT_ONCE);
  }

  private async delete(database: Queryable, table: string, condition: string): Promise<number> {
    const rows = await database.query(
      `delete from ${table} where ctid = any (array(select ctid from ${table} where ${condition} limit ${AT_ONCE} for update skip locked))
       returning 1`,
    );
    return rows.length;
  }
}
