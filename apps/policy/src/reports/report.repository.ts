import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { StepReport } from '@muster/sequence/report.js';

/** Whose a run is. */
export interface ReportedRun {
  runId: string;
  deviceUid: string;
  deploymentUid: string;
}

/** Reports as they came in, for as long as they may come again. */
export class ReportRepository {
  /**
   * Those of the deployments that are, or ever were, for the device: they exist or existed, and the device is or was
   * a member of their collection. Whether it was a member while the deployment existed is not asked: a report tells
   * what happened on the device's own behalf and harms nobody else, while a lost one is lost for ever.
   */
  async findReportable(database: Queryable, deviceUid: string, deploymentUids: readonly string[]): Promise<string[]> {
    const rows = await database.query<{ uid: string }>(
      `select deployment.uid from deployment
       where deployment.uid = any($2::uuid[])
         and exists (select 1 from device_member
                     where device_uid = $1 and device_member.collection_uid = deployment.collection_uid)`,
      [deviceUid, deploymentUids],
    );
    return rows.map(({ uid }) => uid);
  }

  /** Claims runs that are new, and holds all of them: batches about one run take turns. Answers whose they are. */
  async claimRuns(
    tx: Transaction,
    deviceUid: string,
    runs: readonly Omit<ReportedRun, 'deviceUid'>[],
  ): Promise<ReportedRun[]> {
    return tx.query<ReportedRun>(
      `insert into reported_run (run_id, device_uid, deployment_uid)
       select run_id, $1, deployment_uid from unnest($2::uuid[], $3::uuid[]) as claimed (run_id, deployment_uid) order by run_id
       on conflict (run_id) do update set last_report_at = now()
       returning run_id as "runId", device_uid as "deviceUid", deployment_uid as "deploymentUid"`,
      [deviceUid, runs.map(({ runId }) => runId), runs.map(({ deploymentUid }) => deploymentUid)],
    );
  }

  /** Keeps all that are new, in one statement; answers these. */
  async addNew(tx: Transaction, reports: readonly StepReport[]): Promise<{ runId: string; number: number }[]> {
    return tx.query<{ runId: string; number: number }>(
      `insert into report (run_id, number, payload)
       select run_id, number, payload from unnest($1::uuid[], $2::int[], $3::jsonb[]) as incoming (run_id, number, payload)
       on conflict do nothing returning run_id as "runId", number`,
      [
        reports.map(({ runId }) => runId),
        reports.map(({ number }) => number),
        reports.map((report) => JSON.stringify(report)),
      ],
    );
  }
}
