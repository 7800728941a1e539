import type { PublicKey } from '@muster/contracts/agent/enrolment.js';
import type { SealingKey } from '@muster/contracts/sealing.js';
import type { Database, Queryable, Transaction } from '@muster/persistence/database.js';

/** Only an `enrolled` one has sessions. */
export type DeviceState = 'pending' | 'enrolled' | 'blocked' | 'deleted';

export interface StoredDevice {
  uid: string;
  publicKey: PublicKey;
  thumbprint: string;
  state: DeviceState;
  sealingKey: SealingKey | null;
  /** A key that it offered and has not proved yet. */
  nextPublicKey: PublicKey | null;
  /** The computer that the key belongs to, as its firmware tells. */
  hardware: string | null;
}

const COLUMNS =
  'uid, public_key as "publicKey", thumbprint, state, sealing_key as "sealingKey", hardware, next_public_key as "nextPublicKey"';

/** The devices that have proved a key. */
export class DeviceRepository {
  /** Returns when the device was enrolled. */
  async add(
    tx: Transaction,
    device: {
      uid: string;
      name: string;
      publicKey: PublicKey;
      thumbprint: string;
      state: DeviceState;
      tokenUid: string;
      hardware: string | undefined;
    },
  ): Promise<Date> {
    const [row] = await tx.query<{ enrolledAt: Date }>(
      `insert into device (uid, name, public_key, thumbprint, state, token_uid, hardware) values ($1, $2, $3, $4, $5, $6, $7)
       returning enrolled_at as "enrolledAt"`,
      [
        device.uid,
        device.name,
        JSON.stringify(device.publicKey),
        device.thumbprint,
        device.state,
        device.tokenUid,
        device.hardware ?? null,
      ],
    );
    if (!row) throw new Error('an insert returned no row');
    return row.enrolledAt;
  }

  async find(database: Queryable, uid: string): Promise<StoredDevice | undefined> {
    const [row] = await database.query<StoredDevice>(`select ${COLUMNS} from device where uid = $1`, [uid]);
    return row;
  }

  /** Of each uid its device, in one statement. */
  async findEach(database: Database, uids: readonly string[]): Promise<(StoredDevice | undefined)[]> {
    const rows = await database.prepared<StoredDevice>(
      'devices by uid',
      `select ${COLUMNS} from device where uid = any($1::uuid[])`,
      [uids],
    );
    const devices = new Map(rows.map((row) => [row.uid, row]));
    return uids.map((uid) => devices.get(uid.toLowerCase()));
  }

  /** The device that enrolled with a token and a key. */
  async findByToken(database: Queryable, tokenUid: string, thumbprint: string): Promise<StoredDevice | undefined> {
    const [row] = await database.query<StoredDevice>(
      `select ${COLUMNS} from device where token_uid = $1 and thumbprint = $2 and state <> 'deleted'`,
      [tokenUid, thumbprint],
    );
    return row;
  }

  /** What was decided about a device that is not deleted. False: it was so already. */
  async decide(tx: Transaction, uid: string, state: Exclude<DeviceState, 'deleted'>): Promise<boolean> {
    const rows = await tx.query(
      `update device set state = $2, blocked_at = case when $2 = 'enrolled' then null else now() end
       where uid = $1 and state not in ($2, 'deleted') returning 1`,
      [uid, state],
    );
    return rows.length > 0;
  }

  /** Keeps the key that a device offers, while the key that consented still counts. */
  async offerKey(
    database: Queryable,
    uid: string,
    current: string,
    next: { publicKey: PublicKey; thumbprint: string },
  ): Promise<void> {
    await database.query(
      'update device set next_public_key = $3, next_thumbprint = $4 where uid = $1 and thumbprint = $2',
      [uid, current, JSON.stringify(next.publicKey), next.thumbprint],
    );
  }

  /** The offered key counts from now on. Answers its thumbprint; undefined: it did already. */
  async promoteKey(tx: Transaction, uid: string, publicKey: PublicKey): Promise<string | undefined> {
    const [row] = await tx.query<{ thumbprint: string }>(
      `update device set public_key = next_public_key, thumbprint = next_thumbprint, next_public_key = null,
         next_thumbprint = null, rotate_thumbprint = null
       where uid = $1 and next_public_key = $2::jsonb returning thumbprint`,
      [uid, JSON.stringify(publicKey)],
    );
    return row?.thumbprint;
  }

  /** Somebody wants the key replaced that counts now. False: that was asked already. */
  async askForRotation(tx: Transaction, uid: string, askedAt: string): Promise<boolean> {
    const rows = await tx.query(
      `update device set rotation_asked_at = $2, rotate_thumbprint = thumbprint
       where uid = $1 and rotation_asked_at is distinct from $2::timestamptz returning 1`,
      [uid, askedAt],
    );
    return rows.length > 0;
  }

  /** From now on the key belongs to this computer. */
  async setHardware(tx: Queryable, uid: string, hardware: string): Promise<void> {
    await tx.query(
      'update device set hardware = $2, other_hardware = null where uid = $1 and hardware is distinct from $2',
      [uid, hardware],
    );
  }

  /** Another computer proved the key. True: it is one that was not told of yet. */
  async noteOtherHardware(tx: Transaction, uid: string, hardware: string): Promise<boolean> {
    const rows = await tx.query(
      'update device set other_hardware = $2 where uid = $1 and other_hardware is distinct from $2 returning 1',
      [uid, hardware],
    );
    return rows.length > 0;
  }

  /** From now on the device's secrets are sealed to this key. False: they were before, or the device is blocked. */
  async setSealingKey(tx: Transaction, uid: string, key: SealingKey): Promise<boolean> {
    const rows = await tx.query(
      `update device set sealing_key = $2 where uid = $1 and state = 'enrolled' and sealing_key is distinct from $2::jsonb
       returning 1`,
      [uid, JSON.stringify(key)],
    );
    return rows.length > 0;
  }

  /** Ends a device: its sessions are refused, and nothing of its targets is kept. */
  async end(tx: Transaction, uid: string): Promise<void> {
    await tx.query(
      `update device set state = 'deleted', blocked_at = now(), sealing_key = null where uid = $1 and state <> 'deleted'`,
      [uid],
    );
    await tx.query('delete from device_member where device_uid = $1', [uid]);
  }
}
