import type { Transaction } from '@muster/persistence/database.js';

export interface StoredEnrolmentToken {
  uid: string;
  expiresAt: Date;
  usedAt: Date | null;
  deviceUid: string | null;
}

const COLUMNS = 'uid, expires_at as "expiresAt", used_at as "usedAt", device_uid as "deviceUid"';

/** One-time tokens that let a computer become a device. */
export class EnrolmentTokenRepository {
  async add(
    tx: Transaction,
    token: { uid: string; sha256: string; description: string | null; createdBy: string; expiresAt: Date },
  ): Promise<void> {
    await tx.query(
      'insert into enrolment_token (uid, sha256, description, created_by, expires_at) values ($1, $2, $3, $4, $5)',
      [token.uid, token.sha256, token.description, token.createdBy, token.expiresAt],
    );
  }

  /** Holds the row: two computers with the same token take turns. */
  async findForUpdate(tx: Transaction, sha256: string): Promise<StoredEnrolmentToken | undefined> {
    const [row] = await tx.query<StoredEnrolmentToken>(
      `select ${COLUMNS} from enrolment_token where sha256 = $1 for update`,
      [sha256],
    );
    return row;
  }

  async markUsed(tx: Transaction, uid: string, deviceUid: string): Promise<void> {
    await tx.query('update enrolment_token set used_at = now(), device_uid = $2 where uid = $1', [uid, deviceUid]);
  }
}
