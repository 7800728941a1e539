import type { Transaction } from '@muster/persistence/database.js';

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

  /** Keeps all that are new, in one statement; answers these. Of two with one number the first is kept. */
  async addNew(tx: Transaction, reports: readonly KeptReport[]): Promise<{ runId: string; number: number }[]> {
    return tx.prepared<{ runId: string; number: number }>(
      'keep reports',
      `insert into report (run_id, number, payload)
       select (value ->> 'runId')::uuid, (value ->> 'number')::int, value from jsonb_array_elements($1::jsonb) as incoming (value)
       on conflict do nothing returning run_id as "runId", number`,
      [`[${reports.map(({ json }) => json).join()}]`],
    );
  }
}
