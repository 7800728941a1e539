import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Platform } from '@muster/sequence/platforms.js';
import type { Queryable } from '@muster/persistence/database.js';

/** A deployment to a collection that has the device, whether the device is told of it or not. */
export interface TargetedDeployment {
  readonly uid: string;
  readonly name: string;
  readonly collection: string;
  readonly purpose: string;
  readonly state: string;
  readonly code: string | null;
  readonly reason: string | null;
  readonly assignment: Assignment | null;
  /** What the body says of its runs. */
  readonly enabled: boolean | null;
  readonly maximumMinutes: number | null;
  readonly platforms: readonly Platform[] | null;
}

export class ExplainRepository {
  async deploymentsOf(database: Queryable, deviceUid: string): Promise<TargetedDeployment[]> {
    return database.query<TargetedDeployment>(
      `select deployment.uid, deployment.name, coalesce(collection.name, '') as collection,
         rules ->> 'purpose' as purpose, state, reason_code as code, reason, assignment,
         spec -> 'platforms' as platforms, (spec ->> 'enabled')::boolean as enabled, (spec ->> 'maximumRunTimeMinutes')::int as "maximumMinutes"
       from device_member
         join deployment on deployment.collection_uid = device_member.collection_uid
         left join collection on collection.uid = deployment.collection_uid
         left join lateral (
           select convert_from(bytes, 'UTF8')::jsonb -> 'sequence' -> 'spec' as spec
           from body where digest = assignment ->> 'body'
         ) as told on true
       where device_member.device_uid = $1 and device_member.left_at is null and deleted_at is null
       order by deployment.name limit 500`,
      [deviceUid],
    );
  }
}
