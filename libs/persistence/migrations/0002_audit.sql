-- Up Migration
-- Who changed what, written in the transaction of the change. Never a document, never a secret: what changed is named.
create table audit_entry (
  -- A UUIDv7: in the order of time.
  id uuid primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  kind text not null,
  name text not null,
  uid uuid,
  version bigint,
  changed jsonb,
  reason text,
  details jsonb,
  correlation_id text
);
create index audit_entry_actor on audit_entry (actor, id);
create index audit_entry_object on audit_entry (kind, name, id);
