import type { Queryable } from '@muster/persistence/database.js';

/** Assertions that were traded already. */
export class SessionRepository {
  /** False when this assertion was used before. */
  async useAssertion(database: Queryable, deviceUid: string, jti: string, expiresAt: Date): Promise<boolean> {
    const rows = await database.query(
      `insert into session_assertion (device_uid, jti, expires_at) values ($1, $2, $3) on conflict do nothing returning 1`,
      [deviceUid, jti, expiresAt],
    );
    return rows.length > 0;
  }
}
