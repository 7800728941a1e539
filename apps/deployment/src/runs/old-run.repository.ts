import type { Transaction } from '@muster/persistence/database.js';

/** A place among the runs that ended, by when something was heard of them last. */
export interface OldRunPlace {
  readonly heardAt: string;
  readonly uid: string;
}

/** A portion of runs that ended long ago. */
export interface OldRuns {
  /** Those that nothing is counted by any more. */
  readonly outdated: readonly string[];
  /** The last one that was looked at; undefined: there are no more. */
  readonly last: OldRunPlace | undefined;
}

/** Runs that ended so long ago that nobody asks for them. */
export class OldRunRepository {
  /**
   * Looks at some, held until the transaction ends. Of a deployment that is there, the newest run of each device that has ended stays:
   * it is the device's state there. Of a deleted one none has to.
   */
  async look(tx: Transaction, days: number, after: OldRunPlace | undefined, limit: number): Promise<OldRuns> {
    const rows = await tx.query<OldRunPlace & { counts: boolean }>(
      `select uid, to_char(updated_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "heardAt",
         exists (select 1 from deployment where deployment.uid = run.deployment_uid) and not exists (
           select 1 from run as newer
           where newer.deployment_uid = run.deployment_uid and newer.device_uid = run.device_uid and newer.arrival > run.arrival
             and newer.end_result is not null) as counts
       from run
       where end_result is not null and updated_at < now() - make_interval(days => $1)
         and ($2::timestamptz is null or (updated_at, uid) > ($2::timestamptz, $3::uuid))
       order by updated_at, uid limit $4 for update of run skip locked`,
      [days, after?.heardAt ?? null, after?.uid ?? null, limit],
    );
    return {
      outdated: rows.filter(({ counts }) => !counts).map(({ uid }) => uid),
      last: rows.length < limit ? undefined : rows.at(-1),
    };
  }

  /** Their steps go with them. */
  async remove(tx: Transaction, uids: readonly string[]): Promise<void> {
    await tx.query('delete from run where uid = any($1::uuid[])', [[...uids]]);
  }
}
