import type { DeploymentPolicy, DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import { SEEN_STATE } from '../runs/silence.js';

export type DeviceCounts = DeploymentStatus['devices'];

/** By what the computers of the site itself are known among devices. */
export interface SiteServers {
  /** Of the site. */
  readonly code: string;
  readonly names: readonly string[];
  /** Ids of their hardware, as in `device_hardware`. */
  readonly hardware: readonly string[];
}

/** Deployments beyond what every kind can do. */
export class DeploymentRepository {
  /** Names of deployments to a collection, at most `limit`. */
  async targeting(tx: Queryable, collection: string, limit: number): Promise<string[]> {
    const rows = await tx.query<{ name: string }>(
      'select name from deployment where collection = $1 order by name limit $2',
      [collection, limit],
    );
    return rows.map(({ name }) => name);
  }

  /** The first names of deployments of a sequence, and how many there are. */
  async ofSequence(database: Queryable, sequence: string, limit: number): Promise<{ names: string[]; total: number }> {
    const rows = await database.query<{ name: string; total: number }>(
      'select name, count(*) over () as total from deployment where sequence = $1 order by name limit $2',
      [sequence, limit],
    );
    return { names: rows.map(({ name }) => name), total: rows[0]?.total ?? 0 };
  }

  /** What was said of a deployment last; undefined: there is no such deployment. */
  async specOf(database: Queryable, name: string): Promise<DeploymentSpec | undefined> {
    const [row] = await database.query<{ spec: DeploymentSpec }>('select spec from deployment where name = $1', [name]);
    return row?.spec;
  }

  /** How many members the collection has, undefined when it does not exist. It cannot be deleted before this transaction ends. */
  async holdCollection(tx: Transaction, name: string): Promise<number | undefined> {
    const [row] = await tx.query<{ members: number }>(
      `select coalesce((select members from collection_size where collection_uid = collection.uid), 0) as members
       from collection where name = $1 for key share`,
      [name],
    );
    return row?.members;
  }

  /**
   * Notes a revision of a sequence and answers the digest of the newest one known. Whoever notes waits for others who
   * do, so that no deployment slips in with an old revision while the fact of a new one is being applied.
   */
  async noteRevision(tx: Transaction, revision: Omit<SequenceRevision, 'spec'>): Promise<string> {
    // uid is a UUIDv7: a sequence that was deleted and made anew is greater, whatever its revision.
    await tx.query(
      `insert into sequence_head (name, uid, revision, digest) values ($1, $2, $3, $4)
       on conflict (name) do update set uid = excluded.uid, revision = excluded.revision, digest = excluded.digest
       where (excluded.uid, excluded.revision) > (sequence_head.uid, sequence_head.revision)`,
      [revision.name, revision.uid, revision.revision, revision.digest],
    );
    const [row] = await tx.query<{ digest: string }>('select digest from sequence_head where name = $1', [
      revision.name,
    ]);
    return row?.digest ?? revision.digest;
  }

  /** Which servers a collection has; all of them are members of `servers`. `undefined`: there is no such collection, or none is named. */
  async serversIn(
    tx: Transaction,
    collection: string,
    { servers, ofSite }: { readonly servers?: string | undefined; readonly ofSite: SiteServers },
  ): Promise<{ siteServers: string[]; servers: number | undefined }> {
    const siteServers = await this.siteServersIn(tx, collection, ofSite);
    if (servers === undefined) return { siteServers, servers: undefined };
    const [found] = await tx.query<{ count: number }>(
      `select (select count(*) from collection_member as wanted
           join collection on collection.uid = wanted.collection_uid and collection.name = $2
           join collection_member as of_servers
             on of_servers.collection_uid = all_servers.uid and of_servers.device_uid = wanted.device_uid) as count
       from collection as all_servers where all_servers.name = $1`,
      [servers, collection],
    );
    return { siteServers, servers: found?.count };
  }

  /** Names of the computers of the site itself that a collection has, at most 20. */
  private async siteServersIn(
    tx: Transaction,
    collection: string,
    { names, hardware }: SiteServers,
  ): Promise<string[]> {
    const rows = await tx.query<{ name: string }>(
      `select device.name from collection
         join collection_member on collection_member.collection_uid = collection.uid
         join device on device.uid = collection_member.device_uid
       where collection.name = $1 and (device.name = any($2::text[])
         or device.uid in (select device_uid from device_hardware where hardware = any($3::text[])))
       order by device.name limit 20`,
      [collection, [...names], [...hardware]],
    );
    return rows.map(({ name }) => name);
  }

  async forgetSequence(tx: Transaction, uid: string): Promise<void> {
    await tx.query('delete from sequence_head where uid = $1', [uid]);
  }

  /** Points every deployment of a sequence to a revision, but those that name theirs; answers the uids of those that pointed elsewhere. */
  async follow(tx: Transaction, sequence: string, digest: string): Promise<string[]> {
    const rows = await tx.query<{ uid: string }>(
      // In the order of names, as all who change several.
      `with wanted as (
         select uid from deployment where sequence = $1 and status ->> 'sequenceDigest' <> $2 and not spec ? 'revision'
         order by name for no key update
       )
       update deployment set status = jsonb_set(status, '{sequenceDigest}', to_jsonb($2::text)),
         resource_version = nextval('resource_version'), updated_at = now()
       from wanted where deployment.uid = wanted.uid returning deployment.uid`,
      [sequence, digest],
    );
    return rows.map(({ uid }) => uid);
  }

  /** Keeps what policy made of a deployment; false when that is known, or the deployment is gone. */
  async notePolicy(tx: Transaction, uid: string, policy: DeploymentPolicy): Promise<boolean> {
    const rows = await tx.query(
      `update deployment set status = jsonb_set(status, '{policy}', $2::jsonb),
         resource_version = nextval('resource_version'), updated_at = now()
       where uid = $1 and status -> 'policy' is distinct from $2::jsonb returning 1`,
      [uid, JSON.stringify(policy)],
    );
    return rows.length > 0;
  }

  /** Keeps what reports of a deleted deployment will need. */
  async bury(tx: Transaction, deploymentUid: string): Promise<void> {
    await tx.query(
      `insert into past_deployment (uid, name, sequence, sequence_digest, hold)
       select uid, name, sequence, status ->> 'sequenceDigest', spec ->> 'hold' from deployment where uid = $1`,
      [deploymentUid],
    );
  }

  /**
   * What devices did with each deployment: the newest run of a device counts, also when the device left the collection
   * since; a member without a run waits, unless it told that none will begin. targeted is always the sum of the others.
   */
  async deviceCounts(database: Queryable, deploymentUids: readonly string[]): Promise<Map<string, DeviceCounts>> {
    const rows = await database.query<DeviceCounts & { uid: string }>(
      `with newest as (
         select distinct on (deployment_uid, device_uid) deployment_uid, device_uid, state
         from run where deployment_uid = any($1) order by deployment_uid, device_uid, arrival desc
       ), counted as (
         select deployment.uid, coalesce(size.members, 0) as members,
           count(newest.state) as heard, count(member.device_uid) as heard_members,
           count(*) filter (where unfinished.seen in ('running', 'restart-pending')) as running,
           count(*) filter (where unfinished.seen = 'silent') as silent,
           count(*) filter (where newest.state = 'succeeded') as succeeded,
           count(*) filter (where newest.state = 'failed') as failed,
           coalesce(deployment.status #>> '{policy,code}' = 'policy.expired', false) as is_over
         from deployment
         join collection on collection.name = deployment.collection
         left join collection_size as size on size.collection_uid = collection.uid
         left join newest on newest.deployment_uid = deployment.uid
         -- When something was last heard is in no index: it is read of the few that have not ended.
         left join lateral (
           select ${SEEN_STATE} as seen from run
           where newest.state in ('running', 'restart-pending')
             and run.deployment_uid = newest.deployment_uid and run.device_uid = newest.device_uid
           order by arrival desc limit 1
         ) as unfinished on true
         left join collection_member as member
           on member.collection_uid = collection.uid and member.device_uid = newest.device_uid
         where deployment.uid = any($1)
         group by deployment.uid, size.members
       ), ended as (
         select fate.deployment_uid,
           count(*) filter (where fate.state = 'rejected') as rejected, count(*) filter (where fate.state = 'expired') as expired,
           count(*) filter (where fate.state = 'not-rerun') as not_rerun
         from device_fate as fate
         join deployment on deployment.uid = fate.deployment_uid
         join collection on collection.name = deployment.collection
         join collection_member as member
           on member.collection_uid = collection.uid and member.device_uid = fate.device_uid
         where fate.deployment_uid = any($1) and fate.state in ('rejected', 'expired', 'not-rerun') and not exists (
           select 1 from run where run.deployment_uid = fate.deployment_uid and run.device_uid = fate.device_uid)
         group by fate.deployment_uid
       ), told as (
         select counted.*, coalesce(rejected, 0) as rejected, coalesce(expired, 0) as expired, coalesce(not_rerun, 0) as "notRerun",
           members - heard_members - coalesce(rejected + expired + not_rerun, 0) as waiting
         from counted left join ended on ended.deployment_uid = counted.uid
       )
       select uid, members - heard_members + heard as targeted, running, silent, succeeded, failed, rejected, "notRerun",
         case when is_over then expired + waiting else expired end as expired, case when is_over then 0 else waiting end as waiting
       from told`,
      [[...deploymentUids]],
    );
    return new Map(
      rows.map(({ uid, rejected = 0, expired = 0, notRerun = 0, ...counts }) => [
        uid,
        {
          ...counts,
          ...(rejected > 0 && { rejected }),
          ...(expired > 0 && { expired }),
          ...(notRerun > 0 && { notRerun }),
        },
      ]),
    );
  }
}
