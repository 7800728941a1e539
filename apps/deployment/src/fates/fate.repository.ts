import type { ToldFates } from '@muster/contracts/kinds/deployment.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import { type FateOfDevice, rowOfFate } from './fate-row.js';
import { TOLD_FATES } from './told-fates.js';

/** A run that began. */
export interface Begun {
  readonly deviceUid: string;
  readonly deploymentUid: string;
  /** By the device's clock; undefined: it has not said. */
  readonly startedAt: string | undefined;
}

/** What devices told of deployments apart from runs. Whatever is written of many is one statement. */
export class FateRepository {
  /**
   * Keeps fates where nothing newer is known. One that is older than the newest run there says nothing any more: that run has begun
   * since. Those of deployments and devices that are gone are left out. Whether a fate counts is looked up when it is the first one of its
   * device and deployment; later on the database follows who enters and leaves. The caller holds membership as it is.
   *
   * @param fates none twice for a device and deployment
   */
  async keep(tx: Transaction, fates: readonly FateOfDevice[]): Promise<void> {
    if (fates.length === 0) return;
    await tx.prepared(
      'keep fates',
      `insert into device_fate (deployment_uid, device_uid, number, acceptance, acceptance_at, acceptance_says, delivery, reason,
         delivery_at, until_at, delivery_says, counts)
       select told.deployment_uid, told.device_uid, told.number, told.acceptance, told.acceptance_at, told.acceptance_says,
         case when begun then 'started' else told.delivery end, case when begun then null else told.reason end,
         case when begun then newest.started_at else told.delivery_at end, case when begun then null else told.until_at end,
         case when begun then null else told.delivery_says end, member.device_uid is not null and may_act(device.state)
       from jsonb_to_recordset($1) as told (deployment_uid uuid, device_uid uuid, number bigint, acceptance text,
         acceptance_at timestamptz, acceptance_says text, delivery text, reason text, delivery_at timestamptz, until_at timestamptz,
         delivery_says text)
       join deployment on deployment.uid = told.deployment_uid
       join device on device.uid = told.device_uid
       left join collection on collection.name = deployment.collection
       left join collection_member as member
         on member.collection_uid = collection.uid and member.device_uid = told.device_uid
       left join lateral (
         select started_at from run where run.deployment_uid = told.deployment_uid and run.device_uid = told.device_uid
         order by arrival desc limit 1
       ) as newest on true
       cross join lateral (select coalesce(newest.started_at >= told.delivery_at, false) as begun) as since
       order by told.device_uid, told.deployment_uid
       on conflict (deployment_uid, device_uid) do update
         set (number, acceptance, acceptance_at, acceptance_says, delivery, reason, delivery_at, until_at, delivery_says) =
           row (excluded.number, excluded.acceptance, excluded.acceptance_at, excluded.acceptance_says, excluded.delivery,
             excluded.reason, excluded.delivery_at, excluded.until_at, excluded.delivery_says)
         where device_fate.number < excluded.number`,
      [JSON.stringify(fates.map(rowOfFate))],
    );
  }

  /** Runs began: whatever their devices told before is over, and they take part. The caller holds membership as it is. */
  async begun(tx: Transaction, runs: readonly Begun[]): Promise<void> {
    if (runs.length === 0) return;
    await tx.prepared(
      'fates of runs that begin',
      `update device_fate set acceptance = 'accepted', acceptance_says = null,
         acceptance_at = case when acceptance = 'accepted' then acceptance_at else begun.started_at end,
         delivery = 'started', delivery_at = begun.started_at, reason = null, until_at = null, delivery_says = null
       from (
         select device_uid, deployment_uid, max(coalesce(started_at, now())) as started_at
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as told (device_uid, deployment_uid, started_at) group by 1, 2
       ) as begun
       where device_fate.deployment_uid = begun.deployment_uid and device_fate.device_uid = begun.device_uid
         and greatest(acceptance_at, delivery_at) <= begun.started_at`,
      [
        runs.map(({ deviceUid }) => deviceUid),
        runs.map(({ deploymentUid }) => deploymentUid),
        runs.map(({ startedAt }) => startedAt ?? null),
      ],
    );
  }

  /** What devices of each of these deployments told last; nothing of those of which nobody told anything. */
  async told(database: Queryable, deploymentUids: readonly string[]): Promise<Map<string, ToldFates>> {
    const rows = await database.query<{ uid: string; fates: ToldFates }>(
      `select deployment_uid as uid, fates from (${TOLD_FATES}) as told where deployment_uid = any($1)`,
      [[...deploymentUids]],
    );
    return new Map(rows.map(({ uid, fates }) => [uid, fates]));
  }

  /** A record goes on with another computer: it has what that one told, and what the one before told is over, as its runs are. */
  async moved(tx: Transaction, computerUid: string, recordUid: string): Promise<void> {
    await tx.query('delete from device_fate where device_uid = $1', [recordUid]);
    await tx.query(
      `update device_fate as fate set device_uid = $2, counts = may_act(device.state) and exists (
         select 1 from deployment
         join collection on collection.name = deployment.collection
         join collection_member as member on member.collection_uid = collection.uid and member.device_uid = $2
         where deployment.uid = fate.deployment_uid)
       from device where fate.device_uid = $1 and device.uid = $2`,
      [computerUid, recordUid],
    );
  }

  /** The deployment is gone. */
  async forget(tx: Transaction, deploymentUid: string): Promise<void> {
    await tx.query('delete from device_fate where deployment_uid = $1', [deploymentUid]);
    await tx.query('delete from fate_tally where deployment_uid = $1', [deploymentUid]);
  }
}
