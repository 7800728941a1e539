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
  /** @param shared ids that several computers of the site have: nobody is known by them (DEV-02) */
  constructor(readonly shared: ReadonlySet<string> = new Set()) {}

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
    const own = named.filter(({ id }) => !this.shared.has(id));
    if (own.length === 0) return;
    await tx.query(
      `insert into device_hardware (hardware, device_uid, named)
       select id, uid, true from unnest($1::text[], $2::uuid[]) as one (id, uid)
       on conflict (hardware) where named do nothing`,
      [own.map(({ id }) => id), own.map(({ deviceUid }) => deviceUid)],
    );
  }

  /** Keeps what a computer told of its hardware; it replaces what it told before. */
  async tell(tx: Transaction, deviceUid: string, told: readonly string[]): Promise<void> {
    const hardware = this.own(told);
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

  /** Other devices that told any of this hardware of themselves and are not obsolete, the oldest first. */
  async findTold(database: Queryable, deviceUid: string, told: readonly string[]): Promise<string[]> {
    const hardware = this.own(told);
    if (hardware.length === 0) return [];
    const rows = await database.query<{ uid: string }>(
      `select device.uid from device
       where uid <> $1 and state not in ('obsolete', 'awaited', 'pending') and exists (
         select 1 from device_hardware as told
         where told.device_uid = device.uid and not told.named and told.hardware = any($2::text[]))
       order by created_at, uid limit 100`,
      [deviceUid, [...hardware]],
    );
    return rows.map(({ uid }) => uid);
  }

  /** Other devices with any of this hardware, as they told or as their record says, also obsolete ones, the oldest first. */
  async findSame(database: Queryable, deviceUid: string, told: readonly string[]): Promise<string[]> {
    const hardware = this.own(told);
    if (hardware.length === 0) return [];
    const rows = await database.query<{ uid: string }>(
      `select uid from device
       where uid <> $1 and state not in ('awaited', 'pending') and exists (
         select 1 from device_hardware as one where one.device_uid = device.uid and one.hardware = any($2::text[]))
       order by created_at, uid limit 100`,
      [deviceUid, [...hardware]],
    );
    return rows.map(({ uid }) => uid);
  }

  /** The records whose documents name any of this hardware. */
  async findNamed(database: Queryable, named: readonly string[]): Promise<NamedHardware[]> {
    const hardware = this.own(named);
    if (hardware.length === 0) return [];
    return database.query<NamedHardware>(
      `select hardware, device.uid, device.name, coalesce((device.status ->> 'enrolled')::boolean, false) as enrolled
       from device_hardware join device on device.uid = device_hardware.device_uid
       where named and hardware = any($1::text[])`,
      [[...hardware]],
    );
  }

  private own(ids: readonly string[]): string[] {
    return ids.filter((id) => !this.shared.has(id));
  }
}
