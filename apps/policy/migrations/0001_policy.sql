-- Up Migration
-- This service makes API tokens, so its table knows more than the copies of the others.
alter table api_token
  add column created_at timestamptz not null default now(),
  add column bootstrap boolean not null default false;

-- One-time tokens that let a computer become a device.
create table enrolment_token (
  uid uuid primary key,
  sha256 text not null unique,
  description text,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  device_uid uuid
);

-- A device that was deleted stays as blocked: its access token may live for some minutes, and its key must get the
-- right answer. Nothing else of it is kept.
create table device (
  uid uuid primary key,
  name text not null,
  public_key jsonb not null,
  thumbprint text not null,
  state text not null check (state in ('enrolled', 'blocked')),
  enrolled_at timestamptz not null default now(),
  blocked_at timestamptz
);
create index device_blocked_at on device (blocked_at) where blocked_at is not null;

-- Assertions that were traded for a session, for as long as they could be replayed.
create table session_assertion (
  device_uid uuid not null,
  jti text not null,
  expires_at timestamptz not null,
  primary key (device_uid, jti)
);
create index session_assertion_expires_at on session_assertion (expires_at);

-- One row, updated in every transaction that changes what any policy could say: its lock makes the order of numbers
-- the order of commits, so that who reads serial N in a snapshot sees everything up to N. Lock it before rows of
-- deployment, never after.
create table policy_serial (
  only_row boolean primary key default true check (only_row),
  serial bigint not null default 0
);
insert into policy_serial default values;

-- Projections of the deployment service's facts.
create table collection (
  uid uuid primary key,
  name text not null
);
create index collection_name on collection (name);

-- left_at keeps the evidence that a device was a member: it may still report, and finish what it began.
create table device_member (
  device_uid uuid not null,
  collection_uid uuid not null,
  left_at timestamptz,
  primary key (device_uid, collection_uid)
);
create index device_member_collection on device_member (collection_uid);
create index device_member_left_at on device_member (left_at) where left_at is not null;

create table deployment (
  uid uuid primary key,
  name text not null,
  collection_uid uuid not null,
  generation bigint not null,
  purpose text not null,
  -- As the user wrote them; expires_at is the same instant for the database to compare.
  available_at_text text,
  expires_at_text text,
  expires_at timestamptz,
  sequence_digest text not null,
  -- Goes up with everything that could change the outcome of compiling: an outcome of older input is thrown away.
  input_version bigint not null default 1,
  due_at timestamptz,
  claimed_until timestamptz,
  state text not null default 'pending' check (state in ('pending', 'compiled', 'blocked', 'withdrawn')),
  reason text,
  -- What policies say of it right now, ready to be signed; null: nothing.
  assignment jsonb,
  deleted_at timestamptz
);
create index deployment_collection on deployment (collection_uid);
create index deployment_due on deployment (due_at) where due_at is not null and deleted_at is null;

-- Which deployments a fact about a package concerns.
create table deployment_package (
  deployment_uid uuid not null references deployment (uid) on delete cascade,
  package text not null,
  primary key (deployment_uid, package)
);
create index deployment_package_package on deployment_package (package);

create table body (
  digest text primary key,
  bytes bytea not null,
  created_at timestamptz not null default now()
);

create table body_manifest (
  manifest text not null,
  body_digest text not null references body (digest) on delete cascade,
  primary key (manifest, body_digest)
);

-- Which bodies a deployment's assignment has named; ended_at null for the one that it names now.
create table deployment_body (
  deployment_uid uuid not null references deployment (uid) on delete cascade,
  body_digest text not null references body (digest),
  ended_at timestamptz,
  primary key (deployment_uid, body_digest)
);
create index deployment_body_body on deployment_body (body_digest);

-- A run belongs to the device and the deployment of its first report.
create table reported_run (
  run_id uuid primary key,
  device_uid uuid not null,
  deployment_uid uuid not null,
  last_report_at timestamptz not null default now()
);
create index reported_run_last_report_at on reported_run (last_report_at);

-- Kept to know a repeated report, no longer (housekeeping.repository.ts): the deployment service owns the history.
create table report (
  run_id uuid not null references reported_run (run_id) on delete cascade,
  number int not null,
  payload jsonb not null,
  primary key (run_id, number)
);
