-- Up Migration
-- Facts that this service decided, in the transaction that decided them. The relay gives each committed row the next
-- position, so that positions are gapless and readers never miss a row that committed late.
create table outbox (
  id uuid primary key,
  sequence bigint generated always as identity,
  position bigint unique,
  subject text not null,
  payload jsonb not null,
  traceparent text,
  occurred_at timestamptz not null default now()
);
create index outbox_unpositioned on outbox (sequence) where position is null;

create table outbox_head (
  only_row boolean primary key default true check (only_row),
  position bigint not null default 0,
  published bigint not null default 0
);
insert into outbox_head default values;

-- How far each consumer has confirmed; older rows may be pruned.
create table outbox_consumer (
  consumer text primary key,
  position bigint not null,
  seen_at timestamptz not null default now()
);

-- How far this service has applied each producer's facts: the whole of de-duplication.
create table inbox (
  producer text primary key,
  position bigint not null default 0
);

-- Facts that could not be applied: visible, not blocking.
create table inbox_parked (
  producer text not null,
  position bigint not null,
  id uuid not null,
  subject text not null,
  payload jsonb not null,
  error text not null,
  parked_at timestamptz not null default now(),
  primary key (producer, position)
);

-- This service's copy of who may call it.
create table api_token (
  uid uuid primary key,
  name text not null,
  sha256 text not null unique,
  expires_at timestamptz,
  revoked_at timestamptz
);

create table idempotency_key (
  actor text not null,
  key text not null,
  request_sha256 text not null,
  status int not null,
  response jsonb not null,
  created_at timestamptz not null default now(),
  primary key (actor, key)
);

-- One counter for every object of the service: resourceVersion.
create sequence resource_version;
