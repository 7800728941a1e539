import type { KnownDevice } from '@muster/contracts/requests/read-device.js';
import type { DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import { SEEN_STATE } from '../runs/silence.js';

/** Devices beyond what every kind can do: their uid comes from the enrolment. */
export class DeviceRepository {
  /** All names that begin so. */
  async namesBeginning(tx: Transaction, prefix: string): Promise<Set<string>> {
    const rows = await tx.query<{ name: string }>('select name from device where starts_with(name, $1)', [prefix]);
    return new Set(rows.map(({ name }) => name));
  }

  async uidOf(database: Queryable, name: string): Promise<string | undefined> {
    const [row] = await database.query<{ uid: string }>('select uid from device where name = $1', [name]);
    return row?.uid;
  }

  /** Those of these devices that are unknown computers and not blocked. */
  async unknownAmong(database: Queryable, uids: readonly string[]): Promise<string[]> {
    const rows = await database.query<{ uid: string }>(
      `select uid from device where uid = any($1::uuid[]) and state = 'unknown' order by uid`,
      [[...new Set(uids)]],
    );
    return rows.map(({ uid }) => uid);
  }

  /** The newest run of each deployment on a device, at most 1,000. */
  async lastRuns(database: Queryable, uid: string): Promise<NonNullable<KnownDevice['lastRuns']>> {
    const rows = await database.query<{ uid: string; state: string; started: Date | null; ended: Date | null }>(
      `select distinct on (deployment_uid) deployment_uid as uid, ${SEEN_STATE} as state, started_at as started, finished_at as ended
       from run where device_uid = $1 order by deployment_uid, arrival desc limit 1000`,
      [uid],
    );
    return rows.map(({ uid: deploymentUid, state, started, ended }) => ({
      deploymentUid,
      ended: state === 'succeeded' || state === 'failed',
      succeeded: state === 'succeeded',
      ...(state === 'silent' ? { silent: true } : {}),
      ...(started === null ? {} : { startedAt: started.toISOString() }),
      ...(ended === null ? {} : { endedAt: ended.toISOString() }),
    }));
  }

  /** The starts that people at a device put off, as it last told. */
  async snoozes(database: Queryable, uid: string): Promise<NonNullable<KnownDevice['snoozes']>> {
    const rows = await database.query<{ deploymentUid: string; until: Date }>(
      `select deployment_uid as "deploymentUid", until_at as until from device_fate
       where device_uid = $1 and state = 'waiting' and reason = 'snoozed' and until_at is not null`,
      [uid],
    );
    return rows.map(({ deploymentUid, until }) => ({ deploymentUid, until: until.toISOString() }));
  }

  /** What a device last told of deployments that no run tells more of. */
  async fates(database: Queryable, uid: string): Promise<NonNullable<KnownDevice['fates']>> {
    const rows = await database.query<{
      fate: NonNullable<KnownDevice['fates']>[number];
      at: Date;
      until: Date | null;
    }>(
      `select jsonb_strip_nulls(jsonb_build_object('deploymentUid', deployment_uid, 'state', state) ||
           case when acceptance = 'accepted' then jsonb_build_object('reason', reason, 'says', delivery_says)
             else jsonb_build_object('says', acceptance_says) end) as fate,
         case when acceptance = 'accepted' then delivery_at else acceptance_at end as at,
         case when acceptance = 'accepted' then until_at end as until
       from device_fate where device_uid = $1 and state not in ('accepted', 'started')`,
      [uid],
    );
    return rows.map(({ fate, at, until }) => ({
      ...fate,
      at: at.toISOString(),
      ...(until === null ? {} : { until: until.toISOString() }),
    }));
  }

  async insert(tx: Transaction, device: { uid: string; name: string; status: DeviceStatus }): Promise<void> {
    await tx.query(
      `insert into device (uid, name, resource_version, generation, spec, status)
       values ($1, $2, nextval('resource_version'), 1, '{}', $3)`,
      [device.uid, device.name, JSON.stringify(device.status)],
    );
  }

  async setStatus(tx: Transaction, uid: string, status: DeviceStatus): Promise<void> {
    await tx.query(
      `update device set status = $2, resource_version = nextval('resource_version'), updated_at = now() where uid = $1`,
      [uid, JSON.stringify(status)],
    );
  }

  /** A record that waited for its device gets the device's uid and status; what people wrote on it stays. */
  async adopt(tx: Transaction, waitingUid: string, device: { uid: string; status: DeviceStatus }): Promise<void> {
    await tx.query(
      `update device set uid = $2, status = $3, resource_version = nextval('resource_version'), updated_at = now()
       where uid = $1`,
      [waitingUid, device.uid, JSON.stringify(device.status)],
    );
  }
}
