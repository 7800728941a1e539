import { type DevicePresence, ONLINE_MINUTES } from '@muster/contracts/kinds/device-presence.js';
import type { DeviceState } from '@muster/contracts/kinds/device-list.js';
import type { Queryable, SqlValue, Transaction } from '@muster/persistence/database.js';

/** What one process of policy says: whom it heard of, and whose connections to it began or ended. */
export interface Sighting {
  readonly at: string;
  readonly devices: readonly string[];
  readonly process?: string | undefined;
  readonly opened?: readonly string[] | undefined;
  readonly closed?: readonly string[] | undefined;
}

/** What is known of a device between its reports. */
export interface KnownPresence {
  /** Absent: it was not heard of since it enrolled. */
  readonly lastSeenAt?: string;
  /** Absent: no computer has enrolled. */
  readonly presence?: DevicePresence;
}

/** Which devices are wanted; what is not said does not matter. */
export interface PresenceFilter {
  readonly state?: DeviceState | undefined;
  readonly silentDays?: number | undefined;
  readonly online?: boolean | undefined;
  readonly active?: boolean | undefined;
}

/** Devices with what was heard of them. A process that says that it lives speaks for every device whose connection it holds. */
export const DEVICES_HEARD = `device left join device_seen on device_seen.device_uid = device.uid
  left join policy_process on policy_process.uid = device_seen.process_uid`;
const SEEN_AT = 'greatest(device_seen.seen_at, policy_process.alive_at)';
/** Who never was seen was silent since it enrolled. */
const HEARD_AT = `coalesce(${SEEN_AT}, (device.status ->> 'enrolledAt')::timestamptz, device.created_at)`;
export const IS_ONLINE = `coalesce(${SEEN_AT} > now() - interval '${ONLINE_MINUTES} minutes', false)`;

/** Does it hold a connection? */
export const IS_CONNECTED = `coalesce(policy_process.alive_at > now() - interval '${ONLINE_MINUTES} minutes', false)`;

/** Is a device of DEVICES_HEARD active? `days` is a parameter of the statement. */
export const isActive = (days: string): string => `${HEARD_AT} > now() - make_interval(days => ${days})`;

/** A process that said nothing for so long has ended. Far more than what makes its devices offline: it may have been stopped for a while. */
const FORGET_PROCESS_MINUTES = 60;

/** When devices were heard of, and which are there now. Rows beside the records: they change all the time, and nobody watches them. */
export class DevicePresenceRepository {
  /**
   * @param inactiveDays a device of which nothing came for so long is inactive
   */
  constructor(private readonly inactiveDays: number) {}

  /** Writes what changed: devices that were heard of, and connections that began or ended. All that stay connected cost one row together. */
  async note(tx: Transaction, { at, devices, process, opened = [], closed = [] }: Sighting): Promise<void> {
    const told = [...new Set([...devices, ...opened])];
    // By the index of uids: joined with a list of thousands, all devices of the site would be read.
    await tx.query(
      `insert into device_seen as known (device_uid, seen_at, process_uid, online_since)
       select uid, $3, case when uid = any($2::uuid[]) then $4::uuid end, $3 from device where uid = any($1::uuid[])
       on conflict (device_uid) do update set
         online_since = case
           when greatest(known.seen_at, (select alive_at from policy_process where uid = known.process_uid))
             > excluded.seen_at - interval '${ONLINE_MINUTES} minutes' then coalesce(known.online_since, known.seen_at)
           else excluded.seen_at end,
         seen_at = greatest(known.seen_at, excluded.seen_at),
         process_uid = coalesce(excluded.process_uid, known.process_uid)`,
      [told, [...opened], at, process ?? null],
    );
    if (process === undefined) return;
    // Only its own: the device may be connected to another process by now.
    if (closed.length > 0)
      await tx.query(
        `update device_seen set process_uid = null, seen_at = greatest(seen_at, $3)
         where device_uid = any($1::uuid[]) and process_uid = $2`,
        [[...closed], process, at],
      );
    await tx.query(
      `insert into policy_process (uid, alive_at) values ($1, $2)
       on conflict (uid) do update set alive_at = greatest(policy_process.alive_at, excluded.alive_at)`,
      [process, at],
    );
    // By the time of the fact: one that comes late must not end processes that go on.
    await tx.query(
      `with ended as (
         delete from policy_process where alive_at < $2::timestamptz - make_interval(mins => $1) returning uid, alive_at
       )
       update device_seen set process_uid = null, seen_at = greatest(seen_at, alive_at) from ended where process_uid = ended.uid`,
      [FORGET_PROCESS_MINUTES, at],
    );
  }

  /** What is known of each of these. */
  async find(database: Queryable, uids: readonly string[]): Promise<Map<string, KnownPresence>> {
    const rows = await database.query<{
      uid: string;
      seen: Date | null;
      enrolled: boolean;
      online: boolean;
      since: Date;
      active: boolean;
    }>(
      `select device.uid, ${SEEN_AT} as seen, state <> 'awaited' as enrolled, ${IS_ONLINE} as online,
         case when ${IS_ONLINE} then coalesce(online_since, seen_at) else ${HEARD_AT} end as since, ${isActive('$2')} as active
       from ${DEVICES_HEARD} where device.uid = any($1::uuid[])`,
      [[...uids], this.inactiveDays],
    );
    return new Map(
      rows.map(({ uid, seen, enrolled, online, since, active }) => [
        uid,
        {
          ...(seen === null ? {} : { lastSeenAt: seen.toISOString() }),
          ...(enrolled ? { presence: { online, since: since.toISOString(), active } } : {}),
        },
      ]),
    );
  }

  /** Devices by state, with how many of each are online and active. */
  async count(
    database: Queryable,
    collectionUid: string | undefined,
  ): Promise<{ state: DeviceState; devices: number; online: number; active: number }[]> {
    const members =
      collectionUid === undefined
        ? ''
        : 'join collection_member as member on member.device_uid = device.uid and member.collection_uid = $2';
    return database.query(
      `select state, count(*) as devices, count(*) filter (where ${IS_ONLINE}) as online,
         count(*) filter (where ${isActive('$1')}) as active
       from ${DEVICES_HEARD} ${members} group by state`,
      [this.inactiveDays, ...(collectionUid === undefined ? [] : [collectionUid])],
    );
  }

  async collectionUid(database: Queryable, name: string): Promise<string | undefined> {
    const [row] = await database.query<{ uid: string }>('select uid from collection where name = $1', [name]);
    return row?.uid;
  }

  /** A page of names, after a name. Records whose computer has not come are neither silent, online, offline, active nor inactive. */
  async names(
    database: Queryable,
    { state, silentDays, online, active, after, limit }: PresenceFilter & { after: string; limit: number },
  ): Promise<string[]> {
    const values: SqlValue[] = [after, limit];
    const parameter = (value: SqlValue): string => `$${values.push(value)}`;
    const conditions = [
      ...(state === undefined ? [] : [`state = ${parameter(state)}`]),
      ...(silentDays === undefined ? [] : [`not ${isActive(parameter(silentDays))}`]),
      ...(online === undefined ? [] : [`${IS_ONLINE} = ${parameter(online)}`]),
      ...(active === undefined ? [] : [`(${isActive(parameter(this.inactiveDays))}) = ${parameter(active)}`]),
      ...([silentDays, online, active].every((one) => one === undefined) ? [] : [`state <> 'awaited'`]),
    ];
    const rows = await database.query<{ name: string }>(
      `select device.name from ${DEVICES_HEARD}
       where ${['device.name > $1', ...conditions].join(' and ')} order by device.name limit $2`,
      values,
    );
    return rows.map(({ name }) => name);
  }
}
