import type { KnownDevice } from '@muster/contracts/requests/read-device.js';
import type { DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { DeviceState } from '@muster/contracts/kinds/device-list.js';
import type { Queryable, SqlValue, Transaction } from '@muster/persistence/database.js';
import { SEEN_STATE } from '../runs/silence.js';

/** Devices beyond what every kind can do: their uid comes from the enrolment. */
export class DeviceRepository {
  /** All names that begin so. */
  async namesBeginning(tx: Transaction, prefix: string): Promise<Set<string>> {
    const rows = await tx.query<{ name: string }>('select name from device where starts_with(name, $1)', [prefix]);
    return new Set(rows.map(({ name }) => name));
  }

  /** A page of names, after a name. */
  async namesByState(
    database: Queryable,
    {
      state,
      silentDays,
      after,
      limit,
    }: { state?: DeviceState | undefined; silentDays?: number | undefined; after: string; limit: number },
  ): Promise<string[]> {
    const values: SqlValue[] = [after, limit];
    const parameter = (value: SqlValue): string => `$${values.push(value)}`;
    // Who never was seen since sightings are kept was silent since it enrolled.
    const silent = (days: string) =>
      `and state <> 'awaited' and coalesce((select seen_at from device_seen where device_uid = device.uid),
         (status ->> 'enrolledAt')::timestamptz, created_at) < now() - make_interval(days => ${days})`;
    const rows = await database.query<{ name: string }>(
      `select name from device where name > $1 ${state === undefined ? '' : `and state = ${parameter(state)}`}
         ${silentDays === undefined ? '' : silent(parameter(silentDays))}
       order by name limit $2`,
      values,
    );
    return rows.map(({ name }) => name);
  }

  async noteSeen(tx: Transaction, uids: readonly string[], at: string): Promise<void> {
    await tx.query(
      `insert into device_seen (device_uid, seen_at) select uid, $2 from device where uid = any($1::uuid[])
       on conflict (device_uid) do update set seen_at = greatest(device_seen.seen_at, excluded.seen_at)`,
      [[...uids], at],
    );
  }

  /** When each of these was last seen; those that never were are not in the answer. */
  async lastSeen(database: Queryable, uids: readonly string[]): Promise<Map<string, string>> {
    const rows = await database.query<{ uid: string; at: Date }>(
      'select device_uid as uid, seen_at as at from device_seen where device_uid = any($1::uuid[])',
      [[...uids]],
    );
    return new Map(rows.map(({ uid, at }) => [uid, at.toISOString()]));
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
