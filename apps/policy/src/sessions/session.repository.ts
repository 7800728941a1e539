import type { Database } from '@muster/persistence/database.js';

export interface UsedAssertion {
  readonly deviceUid: string;
  readonly jti: string;
  readonly expiresAt: Date;
}

/** Assertions that were traded already. */
export class SessionRepository {
  /** Of each assertion: false when it was used before, which it also is when it comes twice here. */
  async useAssertions(database: Database, assertions: readonly UsedAssertion[]): Promise<boolean[]> {
    const key = ({ deviceUid, jti }: { deviceUid: string; jti: string }): string => `${deviceUid} ${jti}`;
    const rows = await database.prepared<{ deviceUid: string; jti: string }>(
      'use assertions',
      `insert into session_assertion (device_uid, jti, expires_at)
       select device_uid, jti, expires_at from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as used (device_uid, jti, expires_at)
       order by device_uid, jti on conflict do nothing returning device_uid as "deviceUid", jti`,
      [
        assertions.map(({ deviceUid }) => deviceUid),
        assertions.map(({ jti }) => jti),
        assertions.map(({ expiresAt }) => expiresAt.toISOString()),
      ],
    );
    const fresh = new Set(rows.map(key));
    return assertions.map((one) => fresh.delete(key(one)));
  }
}
