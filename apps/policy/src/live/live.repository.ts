import type { DeviceState } from '../devices/device.repository.js';
import type { DeviceWish } from '@muster/contracts/agent/wake-up.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** To whom policy says something else: devices, or everybody who is in a collection or has left it. */
export type Concerned = { readonly collection: string } | { readonly devices: readonly string[] };

/** Why a device has no session. */
export type RefusedState = Exclude<DeviceState, 'enrolled'>;

/** The two things that every process must hear of soon, whichever replica committed them. */
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
