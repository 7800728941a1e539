import type { AuditEntry, AuditFilter } from '@muster/contracts/kinds/audit.js';
import type { ServiceName } from '@muster/contracts/resource.js';
import { v7 as uuidv7 } from 'uuid';
import type { Queryable, Transaction } from './database.js';

/** What was done, as its transaction knows it. */
export interface AuditedDeed {
  actor: string;
  action: string;
  kind: string;
  name: string;
  uid?: string | undefined;
  version?: string | undefined;
  changed?: readonly string[] | undefined;
  reason?: string | undefined;
  details?: AuditEntry['details'];
  correlationId?: string | undefined;
}

interface Row {
  id: string;
  at: Date;
  actor: string;
  action: string;
  kind: string;
  name: string;
  uid: string | null;
  version: number | null;
  changed: string[] | null;
  reason: string | null;
  details: AuditEntry['details'] | null;
  correlation_id: string | null;
}

const PRUNED_AT_ONCE = 5_000;

/** Writes down who does something, in the transaction that does it. What the site itself observes is no deed. */
export async function audit(tx: Transaction, deed: AuditedDeed): Promise<void> {
  await auditMany(tx, [deed]);
}

/** The same of many deeds, in this order. */
export async function auditMany(tx: Transaction, deeds: readonly AuditedDeed[]): Promise<void> {
  const rows = deeds
    .filter(({ actor }) => actor !== 'system')
    .map(({ correlationId, ...deed }) => ({ id: uuidv7(), ...deed, correlation_id: correlationId }));
  if (rows.length === 0) return;
  await tx.query(
    `insert into audit_entry (id, actor, action, kind, name, uid, version, changed, reason, details, correlation_id)
     select id, actor, action, kind, name, uid, version, changed, reason, details, correlation_id
     from jsonb_to_recordset($1) as deed (id uuid, actor text, action text, kind text, name text, uid uuid, version bigint,
       changed jsonb, reason text, details jsonb, correlation_id text)`,
    [JSON.stringify(rows)],
  );
}

/** What was done, newest first, before an entry. */
export async function readAuditEntries(
  database: Queryable,
  service: ServiceName,
  filter: AuditFilter,
  page: { before?: string | undefined; limit: number },
): Promise<AuditEntry[]> {
  const rows = await database.query<Row>(
    `select id, at, actor, action, kind, name, uid, version, changed, reason, details, correlation_id from audit_entry
     where ($1::uuid is null or id < $1) and ($2::text is null or actor = $2) and ($3::text is null or kind = $3)
       and ($4::text is null or name = $4) and ($5::timestamptz is null or at >= $5)
     order by id desc limit $6`,
    [
      page.before ?? null,
      filter.actor ?? null,
      filter.kind ?? null,
      filter.name ?? null,
      filter.since ?? null,
      page.limit,
    ],
  );
  return rows.map(({ at, uid, version, changed, reason, details, correlation_id, ...row }) => ({
    ...row,
    at: at.toISOString(),
    service,
    ...(uid === null ? {} : { uid }),
    ...(version === null ? {} : { version: String(version) }),
    ...(changed === null ? {} : { changed }),
    ...(reason === null ? {} : { reason }),
    ...(details ? { details } : {}),
    ...(correlation_id === null ? {} : { correlationId: correlation_id }),
  }));
}

/** Forgets what was done so long ago, some at a time. */
export async function pruneAudit(database: Queryable, keepDays: number): Promise<void> {
  await database.query(
    `delete from audit_entry where id in (
       select id from audit_entry where at < now() - make_interval(days => $1) order by id limit $2)`,
    [keepDays, PRUNED_AT_ONCE],
  );
}
