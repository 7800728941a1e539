import type { ApiTokenRecord } from '@muster/contracts/events/api-token-changed.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** A row of `api_token`. */
export interface StoredApiToken {
  uid: string;
  name: string;
  sha256: string;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

const COLUMNS = 'uid, name, sha256, created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt"';

/** More tokens than this are not listed: nobody reads so many. */
const LISTED = 1000;

/** The tokens that this service made; the others have copies. */
export class IssuedApiTokenRepository {
  async add(
    tx: Transaction,
    token: { uid: string; name: string; sha256: string; expiresAt: Date | null; bootstrap: boolean },
  ): Promise<StoredApiToken> {
    const [row] = await tx.query<StoredApiToken>(
      `insert into api_token (uid, name, sha256, expires_at, bootstrap) values ($1, $2, $3, $4, $5) returning ${COLUMNS}`,
      [token.uid, token.name, token.sha256, token.expiresAt, token.bootstrap],
    );
    if (!row) throw new Error('an insert returned no row');
    return row;
  }

  /** The newest first. */
  async list(database: Queryable): Promise<StoredApiToken[]> {
    return database.query<StoredApiToken>(
      `select ${COLUMNS} from api_token order by created_at desc, uid desc limit ${LISTED}`,
    );
  }

  async findForUpdate(tx: Transaction, uid: string): Promise<StoredApiToken | undefined> {
    const [row] = await tx.query<StoredApiToken>(`select ${COLUMNS} from api_token where uid = $1 for update`, [uid]);
    return row;
  }

  async revoke(tx: Transaction, uid: string): Promise<StoredApiToken | undefined> {
    const [row] = await tx.query<StoredApiToken>(
      `update api_token set revoked_at = now() where uid = $1 returning ${COLUMNS}`,
      [uid],
    );
    return row;
  }

  async existsWithHash(tx: Transaction, sha256: string): Promise<boolean> {
    const rows = await tx.query('select 1 from api_token where sha256 = $1', [sha256]);
    return rows.length > 0;
  }

  /** Revokes the tokens that the configuration gave before. */
  async revokeBootstrap(tx: Transaction): Promise<StoredApiToken[]> {
    return tx.query<StoredApiToken>(
      `update api_token set revoked_at = now() where bootstrap and revoked_at is null returning ${COLUMNS}`,
    );
  }

  /** Replicas that start together take turns. */
  async lockBootstrap(tx: Transaction): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtext('muster policy admin token'))`);
  }
}

/** The fact's form of a token. */
export function toRecord(token: StoredApiToken): ApiTokenRecord {
  return {
    uid: token.uid,
    name: token.name,
    sha256: token.sha256,
    expiresAt: token.expiresAt?.toISOString() ?? null,
    revokedAt: token.revokedAt?.toISOString() ?? null,
  };
}
