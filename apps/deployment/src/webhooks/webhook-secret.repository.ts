import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** The secret before the newest signs beside it for so long. */
const OVERLAP_HOURS = 24;

/** Sealed secrets of webhooks: the newest, and the one before it for a while. */
export class WebhookSecretRepository {
  /** Makes a secret the newest. Older ones than the one before it go at once. */
  async rotate(tx: Transaction, webhookUid: string, secretId: string, sealed: string): Promise<void> {
    await tx.query('delete from webhook_secret where webhook_uid = $1 and (retires_at is not null or secret_id = $2)', [
      webhookUid,
      secretId,
    ]);
    await tx.query(`update webhook_secret set retires_at = now() + make_interval(hours => $2) where webhook_uid = $1`, [
      webhookUid,
      OVERLAP_HOURS,
    ]);
    await tx.query('insert into webhook_secret (webhook_uid, secret_id, sealed) values ($1, $2, $3)', [
      webhookUid,
      secretId,
      sealed,
    ]);
  }

  /** Those that sign now, the newest first. */
  async signing(database: Queryable, webhookUid: string): Promise<string[]> {
    const rows = await database.query<{ sealed: string }>(
      `select sealed from webhook_secret where webhook_uid = $1 and (retires_at is null or retires_at > now())
       order by retires_at is null desc, created_at desc limit 2`,
      [webhookUid],
    );
    return rows.map(({ sealed }) => sealed);
  }
}
