import type { MaintenanceWindow } from '@muster/schedule/maintenance-window.js';
import type { StartRules } from '@muster/schedule/start-rules.js';
import type { Transaction } from '@muster/persistence/database.js';

/** What this service keeps of a deployment's saved fact. */
export interface DeploymentFacts {
  uid: string;
  name: string;
  collection: string;
  generation: number;
  createdAt: string;
  /** When devices run it: decided there, carried here. */
  rules: StartRules;
  /** Devices start it with permits only. */
  hasRollout: boolean;
  /** When it is over for every device; null: never. */
  expiresAt: Date | null;
  sequenceDigest: string;
  /** The sequence, when it stays with one revision of that; null: it follows the newest. */
  pinnedTo: string | null;
}

/** What devices are told of a rollout. */
const ROLLOUT_TOLD = `case when rollout_change is null then '{}'::jsonb
  else jsonb_build_object('rollout', jsonb_build_object('change', rollout_change)) end`;

/**
 * This service's copy of who is in which collection and what is deployed to it. Every method is one statement over
 * sets and may be repeated.
 */
export class TargetRepository {
  /** True when devices are told of other windows now. */
  async saveCollection(
    tx: Transaction,
    { uid, name, windows }: { uid: string; name: string; windows: readonly MaintenanceWindow[] },
  ): Promise<boolean> {
    const [row] = await tx.query<{ changed: boolean }>(
      `with before as (select windows from collection where uid = $1 for update)
       insert into collection (uid, name, windows) values ($1, $2, $3)
       on conflict (uid) do update set name = excluded.name, windows = excluded.windows
       returning windows is distinct from coalesce((select windows from before), '[]') as changed`,
      [uid, name, JSON.stringify(windows)],
    );
    return row?.changed ?? false;
  }

  /** Its members have left; that they were there stays known. */
  async deleteCollection(tx: Transaction, uid: string): Promise<void> {
    await tx.query('update device_member set left_at = now() where collection_uid = $1 and left_at is null', [uid]);
    await tx.query('delete from collection where uid = $1', [uid]);
  }

  /** Devices that were deleted do not come back by a fact that was on its way. */
  async addMembers(tx: Transaction, collectionUid: string, deviceUids: readonly string[]): Promise<void> {
    await tx.query(
      `insert into device_member (device_uid, collection_uid)
       select added.uid, $1 from unnest($2::uuid[]) as added (uid)
       where not exists (select 1 from device where device.uid = added.uid and device.state = 'deleted')
       on conflict (device_uid, collection_uid) do update set left_at = null where device_member.left_at is not null`,
      [collectionUid, deviceUids],
    );
  }

  async removeMembers(tx: Transaction, collectionUid: string, deviceUids: readonly string[]): Promise<void> {
    await tx.query(
      `update device_member set left_at = now()
       where collection_uid = $1 and device_uid = any($2::uuid[]) and left_at is null`,
      [collectionUid, deviceUids],
    );
  }

  /** True when some policy says something because of this collection: a deployment, or a maintenance window. */
  async matters(tx: Transaction, collectionUid: string): Promise<boolean> {
    const [row] = await tx.query<{ found: boolean }>(
      `select exists (select 1 from deployment where collection_uid = $1 and assignment is not null)
           or exists (select 1 from collection where uid = $1 and windows <> '[]') as found`,
      [collectionUid],
    );
    return row?.found ?? false;
  }

  /** True when some device may be told of a device's or collection's variables: who runs nothing is told none. */
  async isTold(tx: Transaction, owner: { kind: 'Device' | 'Collection'; uid: string }): Promise<boolean> {
    const rows = await tx.query(
      owner.kind === 'Collection'
        ? 'select 1 from device_member where collection_uid = $1 and left_at is null limit 1'
        : `select 1 from device_member join deployment on deployment.collection_uid = device_member.collection_uid
           where device_uid = $1 and left_at is null and assignment is not null limit 1`,
      [owner.uid],
    );
    return rows.length > 0;
  }

  /**
   * Keeps a deployment and asks for compiling, unless nothing changed that policy is made of. False: nothing did.
   * Collections come before their deployments, in the producer's order; one that is missing is an error.
   */
  async saveDeployment(tx: Transaction, facts: DeploymentFacts): Promise<boolean> {
    const rows = await tx.query(
      `insert into deployment (uid, name, collection_uid, generation, created_at, rules, expires_at, sequence_digest, rollout_change, pinned_to, due_at)
       values ($1, $2, (select uid from collection where name = $3), $4, $5, $6, $7, $8, case when $9 then 0 end, $10, now())
       on conflict (uid) do update set
         name = excluded.name, generation = excluded.generation, created_at = excluded.created_at,
         rules = excluded.rules, expires_at = excluded.expires_at, sequence_digest = excluded.sequence_digest,
         pinned_to = excluded.pinned_to,
         rollout_change = case when $9 then coalesce(deployment.rollout_change, 0) end,
         input_version = deployment.input_version + 1, due_at = now(), state = 'pending', reason = null, reason_code = null
       where deployment.deleted_at is null
         and (deployment.name, deployment.generation, deployment.rules, deployment.sequence_digest)
             is distinct from (excluded.name, excluded.generation, excluded.rules, excluded.sequence_digest)
       returning 1`,
      [
        facts.uid,
        facts.name,
        facts.collection,
        facts.generation,
        facts.createdAt,
        JSON.stringify(facts.rules),
        facts.expiresAt,
        facts.sequenceDigest,
        facts.hasRollout,
        facts.pinnedTo,
      ],
    );
    return rows.length > 0;
  }

  /**
   * Puts the rules of a deployment into what devices are told of it, as it is; answers its collection when devices are told
   * something else now.
   */
  async tellRules(tx: Transaction, uid: string): Promise<string | undefined> {
    const [row] = await tx.query<{ collection: string }>(
      `with told as (
         select uid, rules || ${ROLLOUT_TOLD} || jsonb_build_object(
           'body', assignment -> 'body',
           'deployment', (assignment -> 'deployment') || jsonb_build_object('name', name, 'generation', generation)
         ) as assignment
         from deployment where uid = $1 and assignment is not null and deleted_at is null
       )
       update deployment set assignment = told.assignment from told
       where deployment.uid = told.uid and deployment.assignment is distinct from told.assignment
       returning collection_uid as collection`,
      [uid],
    );
    return row?.collection;
  }

  /** More devices may start it than before; false when that is known, or it has no rollout any more. */
  async saveRolloutChange(tx: Transaction, uid: string, change: number): Promise<boolean> {
    const rows = await tx.query(
      'update deployment set rollout_change = $2 where uid = $1 and rollout_change < $2 returning 1',
      [uid, change],
    );
    return rows.length > 0;
  }

  /** The row stays as evidence for reports of runs that began before. Answers its collection when some policy spoke of it. */
  async deleteDeployment(tx: Transaction, uid: string): Promise<string | undefined> {
    const [row] = await tx.query<{ spoken: boolean; collection: string }>(
      `with before as (select uid, assignment is not null as spoken from deployment where uid = $1 for update),
            ended as (update deployment_body set ended_at = now() where deployment_uid = $1 and ended_at is null),
            free as (delete from deployment_package where deployment_uid = $1),
            alone as (delete from deployment_sequence where deployment_uid = $1)
       update deployment set deleted_at = now(), assignment = null, due_at = null, input_version = input_version + 1
       from before where deployment.uid = before.uid and deleted_at is null
       returning before.spoken, deployment.collection_uid as collection`,
      [uid],
    );
    return row?.spoken ? row.collection : undefined;
  }

  /** What goes on of deleted deployments shall end; answers their collections. */
  async stopDeleted(tx: Transaction, uids: readonly string[]): Promise<string[]> {
    const rows = await tx.query<{ collection: string }>(
      `update deployment set stopped_at = now() where uid = any($1::uuid[]) and deleted_at is not null
       returning collection_uid as collection`,
      [uids],
    );
    return [...new Set(rows.map(({ collection }) => collection))];
  }

  /** These runs shall end; answers the devices of those of which that is new. */
  async stopRuns(tx: Transaction, runs: readonly { runUid: string; deviceUid: string }[]): Promise<string[]> {
    const rows = await tx.query<{ device: string }>(
      `insert into run_stop (run_id, device_uid) select * from unnest($1::uuid[], $2::uuid[])
       on conflict (run_id) do nothing returning device_uid as device`,
      [runs.map(({ runUid }) => runUid), runs.map(({ deviceUid }) => deviceUid)],
    );
    return [...new Set(rows.map(({ device }) => device))];
  }

  /** Asks for compiling again whatever needs some content or an application. Returns how many that are. */
  async touchContent(tx: Transaction, kind: string, name: string): Promise<number> {
    const rows = await tx.query(
      `update deployment set due_at = now(), input_version = input_version + 1
       where deleted_at is null and uid in (
         select deployment_uid from deployment_package where kind = $1 and package = $2)
       returning 1`,
      [kind, name],
    );
    return rows.length;
  }

  /** Asks for compiling again whatever has a sequence among its children. Returns how many that are. */
  async touchSequence(tx: Transaction, name: string): Promise<number> {
    const rows = await tx.query(
      `update deployment set due_at = now(), input_version = input_version + 1
       where deleted_at is null and uid in (select deployment_uid from deployment_sequence where sequence = $1)
       returning 1`,
      [name],
    );
    return rows.length;
  }
}
