import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { HeldLock } from './edit-lock.js';

interface LockRow {
  uid: string;
  holder: string;
  machine: string;
  taken_at: Date;
  expires_at: Date;
}

const COLUMNS = 'task_sequence_uid as uid, holder, machine, taken_at, expires_at';

/** The edit locks of sequences, over ones too. */
export class EditLockRepository {
  /** The locks of these sequences by uid. */
  async findMany(database: Queryable, uids: readonly string[]): Promise<Map<string, HeldLock>> {
    const rows = await database.query<LockRow>(
      `select ${COLUMNS} from edit_lock where task_sequence_uid = any ($1::uuid[])`,
      [uids],
    );
    return new Map(
      rows.map((row) => [
        row.uid,
        { holder: row.holder, machine: row.machine, takenAt: row.taken_at, expiresAt: row.expires_at },
      ]),
    );
  }

  /** Makes or replaces the lock of a sequence. */
  async set(tx: Transaction, uid: string, { holder, machine, takenAt, expiresAt }: HeldLock): Promise<void> {
    await tx.query(
      `insert into edit_lock (task_sequence_uid, holder, machine, taken_at, expires_at) values ($1, $2, $3, $4, $5)
       on conflict (task_sequence_uid) do update
         set holder = excluded.holder, machine = excluded.machine, taken_at = excluded.taken_at, expires_at = excluded.expires_at`,
      [uid, holder, machine, takenAt, expiresAt],
    );
  }

  async remove(tx: Transaction, uid: string): Promise<void> {
    await tx.query('delete from edit_lock where task_sequence_uid = $1', [uid]);
  }
}
