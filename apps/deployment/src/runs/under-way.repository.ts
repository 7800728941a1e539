import { UNHEARD_DAYS } from '@muster/contracts/requests/find-runs-under-way.js';
import type { Queryable } from '@muster/persistence/database.js';

/** What goes on of a deployment, which may be deleted. */
export interface RunsUnderWay {
  readonly deploymentUid: string;
  /** When its first run that goes on became known. */
  readonly since: Date;
}

/** Runs that have not ended. */
export class UnderWayRepository {
  /** Of these deployments those of which runs go on. */
  async find(database: Queryable, deploymentUids: readonly string[], deviceUid?: string): Promise<RunsUnderWay[]> {
    return database.query<RunsUnderWay>(
      `select deployment_uid as "deploymentUid", min(created_at) as since from run
       where deployment_uid = any($1::uuid[]) and end_result is null
         and updated_at > now() - interval '${UNHEARD_DAYS} days' and ($2::uuid is null or device_uid = $2)
       group by deployment_uid`,
      [deploymentUids, deviceUid ?? null],
    );
  }
}
