import type { SiteKind } from '@muster/hierarchy/sites.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** A row of `hierarchy_join_token`, without its hash. */
export interface StoredJoinToken {
  uid: string;
  code: string;
  kind: SiteKind;
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
  usedAt: Date | null;
  /** Thumbprint of the link key of the site that used it. */
  usedBy: string | null;
}

const COLUMNS =
  'uid, code, kind, created_by as "createdBy", created_at as "createdAt", expires_at as "expiresAt", ' +
  'revoked_at as "revokedAt", used_at as "usedAt", used_by as "usedBy"';
const LISTED = 1000;

/** Tokens with which sites join below this one. */
export class JoinTokenRepository {
  async add(
    tx: Transaction,
    token: { uid: string; sha256: string; code: string; kind: SiteKind; createdBy: string; expiresAt: Date },
  ): Promise<void> {
    await tx.query(
      'insert into hierarchy_join_token (uid, sha256, code, kind, created_by, expires_at) values ($1, $2, $3, $4, $5, $6)',
      [token.uid, token.sha256, token.code, token.kind, token.createdBy, token.expiresAt],
    );
  }

  /** Holds the row: two sites with the same token take turns. */
  async findForUpdate(tx: Transaction, sha256: string): Promise<StoredJoinToken | undefined> {
    const [row] = await tx.query<StoredJoinToken>(
      `select ${COLUMNS} from hierarchy_join_token where sha256 = $1 for update`,
      [sha256],
    );
    return row;
  }

  async use(tx: Transaction, uid: string, thumbprint: string): Promise<void> {
    await tx.query('update hierarchy_join_token set used_at = now(), used_by = $2 where uid = $1', [uid, thumbprint]);
  }

  /** The token by which a site is here, if it joined below this one. */
  async lastUsed(database: Queryable, code: string): Promise<StoredJoinToken | undefined> {
    const [row] = await database.query<StoredJoinToken>(
      `select ${COLUMNS} from hierarchy_join_token where code = $1 and used_at is not null order by used_at desc limit 1`,
      [code],
    );
    return row;
  }

  /** The newest first. */
  async list(database: Queryable): Promise<StoredJoinToken[]> {
    return database.query<StoredJoinToken>(
      `select ${COLUMNS} from hierarchy_join_token order by created_at desc, uid desc limit ${LISTED}`,
    );
  }

  async revoke(tx: Transaction, uid: string): Promise<StoredJoinToken | undefined> {
    const [row] = await tx.query<StoredJoinToken>(
      `update hierarchy_join_token set revoked_at = coalesce(revoked_at, now()) where uid = $1 returning ${COLUMNS}`,
      [uid],
    );
    return row;
  }
}
