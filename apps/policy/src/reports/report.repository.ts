import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** Whose a run is. */
export interface ReportedRun {
  runId: string;
  deviceUid: string;
  deploymentUid: string;
}

/** A report as it is kept: its JSON text, with what it is known by. */
export interface KeptReport {
  readonly runId: string;
  readonly number: number;
  readonly json: string;
}

/** Consecutive numbers of a run. */
export interface NumberRange {
  readonly runId: string;
  readonly first: number;
  readonly last: number;
}

/** Reports as they came in, for as long as they may come again. */
export class ReportRepository {
  /**
   * Those of the pairs whose deployment is, or ever was, for the device: it exists or existed, and the device is or was
   * a member of its collection. Whether it was a member while the deployment existed is not asked: a report tells
   * what happened on the device's own behalf and harms nobody else, while a lost one is lost for ever.
   */
  async findReportable(
    tx: Transaction,
    pairs: readonly Omit<ReportedRun, 'runId'>[],
  ): Promise<Omit<ReportedRun, 'runId'>[]> {
    return tx.prepared(
      'who may report on what',
      `select wanted.device_uid as "deviceUid", wanted.deployment_uid as "deploymentUid"
       from unnest($1::uuid[], $2::uuid[]) as wanted (device_uid, deployment_uid)
       where exists (select 1 from deployment join device_member on device_member.collection_uid = deployment.collection_uid
                     where deployment.uid = wanted.deployment_uid and device_member.device_uid = wanted.device_uid)`,
      [pairs.map(({ deviceUid }) => deviceUid), pairs.map(({ deploymentUid }) => deploymentUid)],
    );
  }

  /** Claims runs that are new, and holds all of them: batches about one run take turns. Answers whose they are. */
  async claimRuns(tx: Transaction, runs: readonly ReportedRun[]): Promise<ReportedRun[]> {
    return tx.prepared<ReportedRun>(
      'claim runs',
      `insert into reported_run (run_id, device_uid, deployment_uid)
       select run_id, device_uid, deployment_uid
       from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as claimed (run_id, device_uid, deployment_uid) order by run_id
       on conflict (run_id) do update set last_report_at = now()
       returning run_id as "runId", device_uid as "deviceUid", deployment_uid as "deploymentUid"`,
      [
        runs.map(({ runId }) => runId),
        runs.map(({ deviceUid }) => deviceUid),
        runs.map(({ deploymentUid }) => deploymentUid),
      ],
    );
  }

  /** The numbers that are kept already, of these runs and in these ranges. Whoever asks holds the runs. */
  async numbersOf(tx: Transaction, ranges: readonly NumberRange[]): Promise<{ runId: string; number: number }[]> {
    return tx.prepared<{ runId: string; number: number }>(
      'numbers of reports',
      `select run_id as "runId", number
       from unnest($1::uuid[], $2::int[], $3::int[]) as wanted (wanted_id, first, last)
       join report on run_id = wanted_id and number between first and last`,
      [ranges.map(({ runId }) => runId), ranges.map(({ first }) => first), ranges.map(({ last }) => last)],
    );
  }

  /** Keeps reports that are not there yet, which only who holds their runs can know. */
  async add(tx: Transaction, reports: readonly KeptReport[]): Promise<void> {
    await tx.prepared(
      'keep reports',
      `insert into report (run_id, number, payload)
       select * from unnest($1::uuid[], $2::int[], string_to_array($3, E'\\n')::jsonb[])`,
      [
        // Neither needs quotation marks, with which the client looks at every element.
        `{${reports.map(({ runId }) => runId).join()}}`,
        `{${reports.map(({ number }) => number).join()}}`,
        // JSON texts have no line breaks. As an array, each quotation mark in them would be escaped once more.
        reports.map(({ json }) => json).join('\n'),
      ],
    );
  }

  /** The reports in each of these ranges as JSON texts with commas between them, in the order of their numbers. */
  async read(database: Queryable, ranges: readonly NumberRange[]): Promise<string[]> {
    const rows = await database.query<{ reports: string | null }>(
      `select found.reports
       from unnest($1::uuid[], $2::int[], $3::int[]) with ordinality as wanted (wanted_id, first, last, nth)
       cross join lateral (
         select string_agg(payload::text, ',' order by number) as reports from report
         where run_id = wanted_id and number between first and last
       ) as found order by nth`,
      [ranges.map(({ runId }) => runId), ranges.map(({ first }) => first), ranges.map(({ last }) => last)],
    );
    return rows.map(({ reports }) => reports ?? '');
  }
}
