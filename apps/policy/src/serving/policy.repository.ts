import type { Database, Queryable } from '@muster/persistence/database.js';
import { LEFT_DAYS } from '../housekeeping/housekeeping.repository.js';
import { settingsOf } from '../settings/client-settings.repository.js';
import { ownersOf } from '../variables/variable-set.repository.js';
import type { PolicyContent } from './policy-document.js';

/** A device that left, or a body that was replaced, has this long to finish what it began. */
const FINISH_HOURS = 24;

/** Somebody stopped it, before or after it was deleted. Of a deleted one it is told for as long as its devices may report. */
const STOPPED = `(deployment.stopped_at is not null or deployment.rules ->> 'hold' = 'Runs')
  and (deployment.deleted_at is null or coalesce(deployment.stopped_at, deployment.deleted_at) > now() - interval '${LEFT_DAYS} days')`;

/** What may be told and given to one device. */
export class PolicyRepository {
  /** Of each device, in one statement, so one snapshot: the serial is that of the assignments. */
  async readEach(database: Database, deviceUids: readonly string[]): Promise<PolicyContent[]> {
    const rows = await database.prepared<PolicyContent>(
      'policy of devices',
      `select serial, coalesce((
         select jsonb_agg(assignment order by uid) from (
           select deployment.uid, deployment.assignment
           from device_member join deployment on deployment.collection_uid = device_member.collection_uid
           where device_member.device_uid = wanted_uid and device_member.left_at is null and deployment.assignment is not null
         ) as told), '[]') as assignments, coalesce((
         select jsonb_agg(one.value || jsonb_build_object('collection', collection.name)
                          order by collection.uid, one.number)
         from device_member join collection on collection.uid = device_member.collection_uid,
              jsonb_array_elements(collection.windows) with ordinality as one (value, number)
         where device_member.device_uid = wanted_uid and device_member.left_at is null
       ), '[]') as windows,
       coalesce((
         select jsonb_agg(jsonb_build_object('ownerUid', owner_uid, 'digest', digest, 'hasHidden', has_hidden) order by owner_uid)
         from variable_set where ${ownersOf('wanted_uid')}
       ), '[]') as "variableSets",
       coalesce((
         select jsonb_agg(distinct body_secret.name order by body_secret.name)
         from device_member join deployment on deployment.collection_uid = device_member.collection_uid
           join body_secret on body_secret.body_digest = deployment.assignment ->> 'body'
         where device_member.device_uid = wanted_uid and device_member.left_at is null
       ), '[]') as "stepSecrets",
       (select sealing_key from device where uid = wanted_uid) as "sealingKey",
       coalesce((select abilities from device where uid = wanted_uid), '{}') as abilities,
       (select rotate_thumbprint from device where uid = wanted_uid) as "rotateKey",
       coalesce((
         select jsonb_agg(deployment.uid order by deployment.uid)
         from device_member join deployment on deployment.collection_uid = device_member.collection_uid
         where device_member.device_uid = wanted_uid and ${STOPPED}
           and (device_member.left_at is not null or deployment.assignment is null)
       ), '[]') as "stoppedDeployments",
       coalesce((select jsonb_agg(run_id order by run_id) from run_stop where device_uid = wanted_uid), '[]') as "stoppedRuns",
       ${settingsOf('wanted_uid')} as "clientSettings"
       from unnest($1::uuid[]) with ordinality as wanted (wanted_uid, place), policy_serial order by wanted.place`,
      [deviceUids],
    );
    if (rows.length !== deviceUids.length) throw new Error('policy_serial has no row');
    return rows;
  }

  /** What an agent can do, as it said last. */
  async saveAbilities(database: Queryable, deviceUid: string, abilities: readonly string[]): Promise<void> {
    await database.query('update device set abilities = $2 where uid = $1', [deviceUid, abilities]);
  }

  /** Whether a body is, or was until a day ago, assigned to the device. */
  async isBodyOf(database: Queryable, digest: string, deviceUid: string): Promise<boolean> {
    const rows = await database.query(
      `select 1 from deployment_body
         join deployment on deployment.uid = deployment_body.deployment_uid
         join device_member on device_member.collection_uid = deployment.collection_uid and device_member.device_uid = $2
       where deployment_body.body_digest = $1 and ${recent('deployment_body.ended_at')} and ${recent('device_member.left_at')}
       limit 1`,
      [digest, deviceUid],
    );
    return rows.length > 0;
  }

  async readBody(database: Queryable, digest: string): Promise<Buffer | undefined> {
    const [row] = await database.query<{ bytes: Buffer }>('select bytes from body where digest = $1', [digest]);
    return row?.bytes;
  }

  /** Of these manifests, those in a body that is, or was until a day ago, assigned to the device. */
  async findManifestsOf(database: Queryable, manifests: readonly string[], deviceUid: string): Promise<string[]> {
    const rows = await database.query<{ manifest: string }>(
      `select wanted.manifest from (select distinct unnest($1::text[])) as wanted (manifest)
       where exists (
         select 1 from body_manifest
           join deployment_body on deployment_body.body_digest = body_manifest.body_digest
           join deployment on deployment.uid = deployment_body.deployment_uid
           join device_member on device_member.collection_uid = deployment.collection_uid and device_member.device_uid = $2
         where body_manifest.manifest = wanted.manifest
           and ${recent('deployment_body.ended_at')} and ${recent('device_member.left_at')}
       )`,
      [manifests, deviceUid],
    );
    return rows.map(({ manifest }) => manifest);
  }

  /** Of these manifests, those in bodies that the device was ever told to run, as far back as it may report; with each deployment. */
  async findPastManifestsOf(
    database: Queryable,
    manifests: readonly string[],
    deviceUid: string,
  ): Promise<{ manifest: string; deploymentUid: string }[]> {
    return database.query<{ manifest: string; deploymentUid: string }>(
      `select distinct body_manifest.manifest, deployment_uid as "deploymentUid"
       from body_manifest
         join deployment_body on deployment_body.body_digest = body_manifest.body_digest
         join deployment on deployment.uid = deployment_body.deployment_uid
         join device_member on device_member.collection_uid = deployment.collection_uid and device_member.device_uid = $2
       where body_manifest.manifest = any($1::text[])
         and (ended_at is null or ended_at > now() - interval '${LEFT_DAYS} days')`,
      [manifests, deviceUid],
    );
  }
}

function recent(column: string): string {
  return `(${column} is null or ${column} > now() - interval '${FINISH_HOURS} hours')`;
}
