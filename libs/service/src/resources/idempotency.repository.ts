import type { Queryable, Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';

/** One request that its sender may repeat: who, which key, and a digest of what was asked. */
export interface IdempotentRequest {
  actor: string;
  key: string;
  requestSha256: string;
}

/** The answer that this key got before, if it did; the same key with another request is refused. */
export async function recallAnswer(tx: Transaction, request: IdempotentRequest): Promise<unknown> {
  // Two requests with one key at the same moment: the second waits here for the first.
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${request.actor}\n${request.key}`]);
  const [row] = await tx.query<{ request_sha256: string; response: unknown }>(
    'select request_sha256, response from idempotency_key where actor = $1 and key = $2',
    [request.actor, request.key],
  );
  if (row && row.request_sha256 !== request.requestSha256) {
    throw new MusterError(
      'conflict',
      'request.idempotency-key-reused',
      'This Idempotency-Key came with a different request before. Use a new key for a new request',
    );
  }
  return row?.response;
}

export async function rememberAnswer(tx: Transaction, request: IdempotentRequest, response: unknown): Promise<void> {
  await tx.query(
    'insert into idempotency_key (actor, key, request_sha256, status, response) values ($1, $2, $3, 201, $4)',
    [request.actor, request.key, request.requestSha256, JSON.stringify(response)],
  );
}

/** Forgets keys older than a day. */
export async function pruneAnswers(database: Queryable): Promise<void> {
  await database.query(`delete from idempotency_key where created_at < now() - interval '24 hours'`);
}
