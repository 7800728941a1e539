import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** A record whose document names some hardware. */
export interface NamedHardware {
  hardware: string;
  uid: string;
  name: string;
  enrolled: boolean;
}

/** By which hardware each device is known. Ids are those of `hardwareIds` and `hardwareOfFacts`. */
export class DeviceHardwareRepository {
  /** Makes a document name this hardware and no other; what another document names stays with that one. */
  async name(tx: Transaction, deviceUid: string, hardware: readonly string[]): Promise<void> {
    await tx.query('delete from device_hardware where device_uid = $1 and named and hardware <> all($2::text[])', [
      deviceUid,
      [...hardware],
    ]);
    await this.nameMany(
      tx,
      hardware.map((id) => ({ deviceUid, id })),
    );
  }

  /** The same for new documents. */
  async nameMany(tx: Transaction, named: readonly { deviceUid: string; id: string }[]): Promise<void> {
    if (named.length === 0) return;
    await tx.query(
      `insert into device_hardware (hardware, device_uid, named)
       select id, uid, true from unnest($1::text[], $2::uuid[]) as one (id, uid)
       on conflict (hardware) where named do nothing`,
      [named.map(({ id }) => id), named.map(({ deviceUid }) => deviceUid)],
    );
  }

  /** Keeps what a computer told of its hardware; it replaces what it told before. */
  async tell(tx: Transaction, deviceUid: string, hardware: readonly string[]): Promise<void> {
    await tx.query('delete from device_hardware where device_uid = $1 and not named and hardware <> all($2::text[])', [
      deviceUid,
      [...hardware],
    ]);
    await tx.query(
      `insert into device_hardware (hardware, device_uid, named)
       select id, $1, false from unnest($2::text[]) as one (id) on conflict do nothing`,
      [deviceUid, [...hardware]],
    );
  }

  /** The records whose documents name any of this hardware. */
  async findNamed(database: Queryable, hardware: readonly string[]): Promise<NamedHardware[]> {
    if (hardware.length === 0) return [];
    return database.query<NamedHardware>(
      `select hardware, device.uid, device.name, coalesce((device.status ->> 'enrolled')::boolean, false) as enrolled
       from device_hardware join device on device.uid = device_hardware.device_uid
       where named and hardware = any($1::text[])`,
      [[...hardware]],
    );
  }
}
