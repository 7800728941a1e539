import type { DeviceState } from '../devices/device.repository.js';
import type { DeviceWish } from '@muster/contracts/agent/wake-up.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** To whom policy says something else: devices, or everybody who is in a collection or has left it. */
export type Concerned = { readonly collection: string } | { readonly devices: readonly string[] };

/** Why a device has no session. */
export type RefusedState = Exclude<DeviceState, 'enrolled'>;

/** After `from`, up to and with `to`. */
export interface Serials {
  readonly from: number;
  readonly to: number;
}

/** What every process must hear of soon, whichever replica committed it: the serial, whom changes concern, who is refused. */
export class LiveRepository {
  /**
   * The serial, and the state of each refused device by its uid.
   *
   * @param sessionMinutes a device that was refused longer ago has no session left
   */
  async read(
    database: Queryable,
    sessionMinutes: number,
  ): Promise<{ serial: number; refused: Record<string, RefusedState> }> {
    const [row] = await database.query<{ serial: number; refused: Record<string, RefusedState> }>(
      `select serial, coalesce((select jsonb_object_agg(uid::text, state) from device
                                where blocked_at > now() - make_interval(mins => $1)), '{}') as refused
       from policy_serial`,
      [sessionMinutes + 1],
    );
    if (!row) throw new Error('policy_serial has no row');
    return row;
  }

  /** Remembers for some minutes whom a change concerns: connected devices are woken by it, remembered tags forgotten. */
  async noteChange(tx: Transaction, serial: number, concerned: Concerned): Promise<void> {
    if ('collection' in concerned) {
      await tx.query('insert into policy_change (serial, collection_uid) values ($1, $2)', [
        serial,
        concerned.collection,
      ]);
    } else {
      await tx.query('insert into policy_change (serial, device_uid) select $1, uid from unnest($2::uuid[]) as uid', [
        serial,
        concerned.devices,
      ]);
    }
  }

  /** Remembers for some minutes what is wanted of whom. */
  async noteCall(tx: Transaction, serial: number, concerned: Concerned, wish: DeviceWish): Promise<void> {
    const [collection, devices] =
      'collection' in concerned ? [concerned.collection, [null]] : [null, concerned.devices];
    await tx.query(
      `insert into device_call (serial, collection_uid, device_uid, wish)
       select $1, $2, uid, $4 from unnest($3::uuid[]) as uid`,
      [serial, collection, devices, wish],
    );
  }

  /**
   * The devices to which policy may say something else at serial `to` than at serial `from`. Devices that left a collection are among
   * them.
   */
  async concerned(database: Queryable, { from, to }: Serials): Promise<string[]> {
    const changes = await database.query<{ collection: string | null; device: string | null }>(
      `select distinct collection_uid as collection, device_uid as device from policy_change where serial > $1 and serial <= $2`,
      [from, to],
    );
    const devices = changes.flatMap(({ device }) => device ?? []);
    const members = await this.readMembers(
      database,
      changes.flatMap(({ collection }) => collection ?? []),
    );
    return members.length === 0 ? devices : [...new Set([...devices, ...members])];
  }

  /** What was wanted of whom between two serials. */
  async calls(database: Queryable, { from, to }: Serials): Promise<{ deviceUid: string; wish: DeviceWish }[]> {
    const calls = await database.query<{ collection: string | null; device: string | null; wish: DeviceWish }>(
      `select distinct collection_uid as collection, device_uid as device, wish from device_call where serial > $1 and serial <= $2`,
      [from, to],
    );
    const wanted = new Map<string, { deviceUid: string; wish: DeviceWish }>();
    for (const { collection, device, wish } of calls) {
      const members = collection === null ? [] : await this.readMembers(database, [collection], 'left_at is null');
      for (const deviceUid of device === null ? members : [device])
        wanted.set(`${deviceUid} ${wish}`, { deviceUid, wish });
    }
    return [...wanted.values()];
  }

  /**
   * All who are in one of these collections or have left it, as far as they meet the condition. The collections are values of the
   * statement: Postgres takes its index for them, where it reads the memberships of the whole site for collections that it has to find first.
   */
  private async readMembers(
    database: Queryable,
    collections: readonly string[],
    condition = 'true',
  ): Promise<string[]> {
    if (collections.length === 0) return [];
    // One value instead of a row for each: a change may concern the whole fleet.
    const [row] = await database.query<{ uids: string | null }>(
      `select string_agg(device_uid::text, ',') as uids from device_member where collection_uid = any($1::uuid[]) and ${condition}`,
      [collections],
    );
    return row?.uids?.split(',') ?? [];
  }

  async lockSerial(tx: Transaction): Promise<void> {
    await tx.query('select 1 from policy_serial for update');
  }

  /**
   * The next serial. It is at least the time in milliseconds, so that it does not fall below what agents have seen
   * even when the database was restored from a backup: agents refuse an older policy for ever.
   */
  async nextSerial(tx: Transaction): Promise<number> {
    const [row] = await tx.query<{ serial: number }>(
      `update policy_serial set serial = greatest(serial + 1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)
       returning serial`,
    );
    if (!row) throw new Error('policy_serial has no row');
    return row.serial;
  }
}
