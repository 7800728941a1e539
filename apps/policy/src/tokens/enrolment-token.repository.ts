import type { Queryable, Transaction } from '@muster/persistence/database.js';

export type Approval = 'automatic' | 'manual';

/** A row of `enrolment_token`, without its hash. */
export interface StoredEnrolmentToken {
  uid: string;
  description: string | null;
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
  maxUses: number;
  uses: number;
  /** The last time. */
  usedAt: Date | null;
  approval: Approval;
  unknownComputers: boolean;
  revokedAt: Date | null;
}

const COLUMNS =
  'uid, description, created_by as "createdBy", created_at as "createdAt", expires_at as "expiresAt", max_uses as "maxUses", ' +
  'uses, used_at as "usedAt", approval, unknown_computers as "unknownComputers", revoked_at as "revokedAt"';

/** More tokens than this are not listed: nobody reads so many. */
const LISTED = 1000;

/** Tokens that let computers become devices. */
export class EnrolmentTokenRepository {
  async add(
    tx: Transaction,
    token: {
      uid: string;
      sha256: string;
      description: string | null;
      createdBy: string;
      expiresAt: Date;
      maxUses: number;
      approval: Approval;
      unknownComputers: boolean;
    },
  ): Promise<void> {
    await tx.query(
      `insert into enrolment_token (uid, sha256, description, created_by, expires_at, max_uses, approval, unknown_computers)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        token.uid,
        token.sha256,
        token.description,
        token.createdBy,
        token.expiresAt,
        token.maxUses,
        token.approval,
        token.unknownComputers,
      ],
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

  async countUse(tx: Transaction, uid: string, deviceUid: string): Promise<void> {
    await tx.query('update enrolment_token set uses = uses + 1, used_at = now(), device_uid = $2 where uid = $1', [
      uid,
      deviceUid,
    ]);
  }

  /** The newest first. */
  async list(database: Queryable): Promise<StoredEnrolmentToken[]> {
    return database.query<StoredEnrolmentToken>(
      `select ${COLUMNS} from enrolment_token order by created_at desc, uid desc limit ${LISTED}`,
    );
  }

  /** Ends a token; what it was before stays. Undefined: there is none. */
  async revoke(tx: Transaction, uid: string): Promise<StoredEnrolmentToken | undefined> {
    const [row] = await tx.query<StoredEnrolmentToken>(
      `update enrolment_token set revoked_at = coalesce(revoked_at, now()) where uid = $1 returning ${COLUMNS}`,
      [uid],
    );
    return row;
  }
}
