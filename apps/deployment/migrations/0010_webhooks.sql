-- Up Migration
create table webhook (
  uid uuid primary key,
  name text not null constraint webhook_name_key unique,
  display_name text,
  folder text,
  labels jsonb not null default '{}',
  resource_version bigint not null,
  generation bigint not null,
  spec jsonb not null,
  status jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Secrets that sign, sealed with the service's key. The newest has no end; the one before it signs until it retires.
create table webhook_secret (
  webhook_uid uuid not null references webhook (uid) on delete cascade,
  secret_id text not null,
  sealed text not null,
  created_at timestamptz not null default clock_timestamp(),
  retires_at timestamptz,
  primary key (webhook_uid, secret_id)
);

-- How the delivery to one address goes. Events up to `position` are in webhook_delivery, as far as it is told of them. Whoever
-- delivers holds the lease, so that an address has one sender, and events stay in order.
create table webhook_line (
  webhook_uid uuid primary key references webhook (uid) on delete cascade,
  position bigint not null,
  lease uuid,
  leased_until timestamptz,
  served_at timestamptz,
  failures bigint not null default 0,
  failing_since timestamptz,
  paused_until timestamptz,
  disabled_at timestamptz,
  last_error text,
  last_delivered_at timestamptz
);

create table webhook_delivery (
  webhook_uid uuid not null references webhook (uid) on delete cascade,
  position bigint not null,
  event_id uuid not null,
  type text not null,
  state text not null default 'pending',
  attempts bigint not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_status bigint,
  last_error text,
  updated_at timestamptz not null default now(),
  primary key (webhook_uid, position)
);
create index webhook_delivery_waiting on webhook_delivery (webhook_uid, position) where state = 'pending';
create index webhook_delivery_dead on webhook_delivery (webhook_uid, position) where state = 'dead';
create index webhook_delivery_open on webhook_delivery (position) where state <> 'delivered';
create index webhook_delivery_over on webhook_delivery (updated_at) where state <> 'pending';
