import type { ApiTokenRecord } from '@muster/contracts/events/api-token-changed.js';
import type { Database, Transaction } from '@muster/persistence/database.js';

export interface KnownToken {
  uid: string;
  name: string;
  state: 'good' | 'revoked' | 'expired';
}

/** This service's copy of the site's API tokens (hashes only), fed by the policy service's facts. */
export class ApiTokenRepository {
  constructor(private readonly database: Database) {}

  /** The token of this hash, and whether it is good. */
  async find(sha256: string): Promise<KnownToken | undefined> {
    const [row] = await this.database.query<KnownToken>(
      `select uid, name, case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'good' end as state
       from api_token where sha256 = $1`,
      [sha256],
    );
    return row;
  }

  async save(tx: Transaction, token: ApiTokenRecord): Promise<void> {
    await tx.query(
      `insert into api_token (uid, name, sha256, expires_at, revoked_at) values ($1, $2, $3, $4, $5)
       on conflict (uid) do update set expires_at = excluded.expires_at, revoked_at = excluded.revoked_at`,
      [token.uid, token.name, token.sha256, token.expiresAt, token.revokedAt],
    );
  }
}
