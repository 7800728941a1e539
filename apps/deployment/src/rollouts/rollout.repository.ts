import type { Digest } from '@muster/contracts/digest.js';
import type { DeploymentRollout } from '@muster/contracts/kinds/deployment-rollout.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { HeldPermit, PermitState } from '@muster/schedule/rollout/decide-permit.js';
import type { RolloutProgress, Share } from '@muster/schedule/rollout/judge-rollout.js';
import type { Rollout } from '@muster/schedule/rollout/rollout.js';

/** A rollout with what its deployment and its collection say. */
export interface RolloutRow {
  readonly uid: string;
  readonly deployment: string;
  readonly rules: Rollout;
  readonly hold: string | null;
  readonly members: number;
  readonly body: Digest | null;
  readonly attempt: number;
  readonly change: number;
  readonly progress: RolloutProgress;
  readonly stage: string;
  readonly lastAction: DeploymentRollout['lastAction'] | null;
  /** Of a limit that all sites share; null: no site is above this one. */
  readonly share: Share | null;
}

/** A permit as it is kept. */
export interface PermitRow extends HeldPermit {
  readonly attempt: number;
  readonly runUid: string;
}

// $1 is the code of this site.
const COLUMNS = `rollout.deployment_uid as uid, deployment.name as deployment, deployment.spec -> 'rollout' as rules,
  deployment.spec ->> 'hold' as hold, coalesce((
    select size.members from collection join collection_size as size on size.collection_uid = collection.uid
    where collection.name = deployment.collection), 0) as members,
  rollout.body, rollout.attempt, rollout.change, rollout.progress, rollout.stage, rollout.last_action as "lastAction",
  (select jsonb_strip_nulls(jsonb_build_object('most', coalesce(told.most, 0), 'held', told.held))
   from hierarchy_site as here left join rollout_share as told on told.deployment = deployment.name
   where here.code = $1 and here.parent is not null) as share`;

/**
 * Rollouts and the permits that they gave. Who changes either holds the lock of the rollout's row; who changes the deployment as well has
 * that of the deployment before (ADR 20).
 */
export class RolloutRepository {
  /** @param site code of this site */
  constructor(private readonly site: string) {}

  async find(database: Queryable, uid: string): Promise<RolloutRow | undefined> {
    const [row] = await database.query<RolloutRow>(
      `select ${COLUMNS} from rollout join deployment on deployment.uid = rollout.deployment_uid
       where rollout.deployment_uid = $2`,
      [this.site, uid],
    );
    return row;
  }

  /** The rollout of a deployment by its name; `uid` alone: the deployment has none. */
  async named(database: Queryable, name: string): Promise<{ uid: string; hasRollout: boolean } | undefined> {
    const [row] = await database.query<{ uid: string; hasRollout: boolean }>(
      `select uid, exists (select 1 from rollout where deployment_uid = uid) as "hasRollout" from deployment where name = $1`,
      [name],
    );
    return row;
  }

  /** All rollouts, in the order of their deployments. */
  async all(database: Queryable): Promise<RolloutRow[]> {
    return database.query<RolloutRow>(
      `select ${COLUMNS} from rollout join deployment on deployment.uid = rollout.deployment_uid
       order by deployment.name`,
      [this.site],
    );
  }

  /** Locks the rollout first, so that what is read then is the newest. */
  async hold(tx: Transaction, uid: string): Promise<RolloutRow | undefined> {
    await tx.query('select 1 from rollout where deployment_uid = $1 for update', [uid]);
    return this.find(tx, uid);
  }

  /**
   * Locks deployments, and those that gave these runs their permits, in the order of their names, and behind them their rollouts: for
   * transactions that change several. Whoever changes one takes the same of it in the same order.
   */
  async holdMany(tx: Transaction, uids: readonly string[], runUids: readonly string[] = []): Promise<void> {
    await tx.prepared(
      'hold deployments',
      `select 1 from deployment where uid = any ($1::uuid[])
         or uid in (select deployment_uid from start_permit where run_uid = any ($2::uuid[]))
       order by name for no key update`,
      [[...uids], [...runUids]],
    );
    await tx.prepared(
      'hold rollouts',
      `select 1 from rollout join deployment on deployment.uid = rollout.deployment_uid
       where deployment_uid = any ($1::uuid[])
         or deployment_uid in (select deployment_uid from start_permit where run_uid = any ($2::uuid[]))
       order by deployment.name for update of rollout`,
      [[...uids], [...runUids]],
    );
  }

  async insert(tx: Transaction, uid: string, progress: RolloutProgress): Promise<void> {
    await tx.query(
      `insert into rollout (deployment_uid, progress, stage) values ($1, $2, 'not-begun')
       on conflict (deployment_uid) do nothing`,
      [uid, JSON.stringify(progress)],
    );
  }

  async save(tx: Transaction, row: RolloutRow, dueAt: Date | null): Promise<void> {
    await tx.query(
      `update rollout set body = $2, attempt = $3, change = $4, progress = $5, stage = $6, last_action = $7, due_at = $8
       where deployment_uid = $1`,
      [
        row.uid,
        row.body,
        row.attempt,
        row.change,
        JSON.stringify(row.progress),
        row.stage,
        row.lastAction ? JSON.stringify(row.lastAction) : null,
        dueAt,
      ],
    );
  }

  async remove(tx: Transaction, uid: string): Promise<void> {
    await tx.query('delete from rollout where deployment_uid = $1', [uid]);
  }

  /** The permit of a device, of any attempt. */
  async permitOf(database: Queryable, uid: string, deviceUid: string): Promise<PermitRow | undefined> {
    const [row] = await database.query<PermitRow>(
      `select group_number as group, state, attempt, run_uid as "runUid" from start_permit
       where deployment_uid = $1 and device_uid = $2`,
      [uid, deviceUid],
    );
    return row;
  }

  async give(
    tx: Transaction,
    permit: { uid: string; deviceUid: string; attempt: number; group: number; runUid: string; now: Date; until: Date },
  ): Promise<void> {
    await tx.query(
      `insert into start_permit (deployment_uid, device_uid, attempt, group_number, run_uid, state, given_at, expires_at)
       values ($1, $2, $3, $4, $5, 'open', $6, $7)
       on conflict (deployment_uid, device_uid) do update set attempt = excluded.attempt, run_uid = excluded.run_uid,
         group_number = excluded.group_number, state = 'open', given_at = excluded.given_at, expires_at = excluded.expires_at`,
      [permit.uid, permit.deviceUid, permit.attempt, permit.group, permit.runUid, permit.now, permit.until],
    );
  }

  /** Those of these runs that have a permit. */
  async permittedOf(tx: Transaction, runUids: readonly string[]): Promise<string[]> {
    const rows = await tx.prepared<{ uid: string }>(
      'runs with permits',
      'select run_uid as uid from start_permit where run_uid = any ($1::uuid[])',
      [[...runUids]],
    );
    return rows.map(({ uid }) => uid);
  }

  /** The deployment whose permit a run has. */
  async deploymentOfRun(tx: Transaction, runUid: string): Promise<string | undefined> {
    const [row] = await tx.prepared<{ uid: string }>(
      'deployment of a permitted run',
      'select deployment_uid as uid from start_permit where run_uid = $1',
      [runUid],
    );
    return row?.uid;
  }

  /** Something was heard of a run: silence counts from now. Written seldom, however much is heard. */
  async heard(tx: Transaction, runUid: string, until: Date): Promise<void> {
    await tx.query(
      `update start_permit set expires_at = $2
       where run_uid = $1 and state = 'open' and expires_at < $2::timestamptz - interval '1 hour'`,
      [runUid, until],
    );
  }

  /** The run of a permit has ended; answers what it was before. */
  async end(tx: Transaction, runUid: string, state: PermitState): Promise<PermitRow | undefined> {
    const [row] = await tx.query<PermitRow>(
      `with before as (select deployment_uid, device_uid, state from start_permit where run_uid = $1 for update)
       update start_permit set state = $2 from before
       where start_permit.deployment_uid = before.deployment_uid and start_permit.device_uid = before.device_uid
         and before.state <> $2
       returning group_number as group, before.state, attempt, run_uid as "runUid"`,
      [runUid, state],
    );
    return row;
  }

  /** Open permits of which nothing was heard in time fall silent; answers their groups. */
  async expire(tx: Transaction, { uid, attempt }: RolloutRow, now: Date): Promise<number[]> {
    const rows = await tx.query<{ attempt: number; group: number }>(
      `update start_permit set state = 'silent' where deployment_uid = $1 and state = 'open' and expires_at <= $2
       returning attempt, group_number as group`,
      [uid, now],
    );
    return rows.filter((row) => row.attempt === attempt).map(({ group }) => group);
  }

  /** What is open goes on in the first group of the next attempt; answers how many that are. */
  async carryOver(tx: Transaction, { uid, attempt }: RolloutRow): Promise<number> {
    const rows = await tx.query(
      `update start_permit set attempt = $2 + 1, group_number = 0
       where deployment_uid = $1 and attempt = $2 and state = 'open' returning 1`,
      [uid, attempt],
    );
    return rows.length;
  }

  /** Rollouts that time takes further, and, when `expiring`, those with permits of which nothing was heard in time. */
  async due(database: Queryable, now: Date, expiring: boolean, limit: number): Promise<string[]> {
    const rows = await database.query<{ uid: string }>(
      `select deployment_uid as uid from rollout where due_at <= $1
       union
       select deployment_uid from start_permit where $2 and state = 'open' and expires_at <= $1
       limit $3`,
      [now, expiring, limit],
    );
    return rows.map(({ uid }) => uid);
  }
}
