import type { Queryable } from '@muster/persistence/database.js';

/** For what devices may ask permits. */
export class PermitRepository {
  /** Is the device told to run this body for this deployment now? */
  async isTold(database: Queryable, deviceUid: string, deploymentUid: string, body: string): Promise<boolean> {
    const rows = await database.query(
      `select 1 from deployment
         join device_member on device_member.collection_uid = deployment.collection_uid
       where deployment.uid = $2 and deployment.assignment ->> 'body' = $3
         and device_member.device_uid = $1 and device_member.left_at is null`,
      [deviceUid, deploymentUid, body],
    );
    return rows.length > 0;
  }
}
