-- Up Migration
-- How far the rollout of a deployment is: one row whatever the size of its collection. Permits are given under its lock.
create table rollout (
  deployment_uid uuid primary key references deployment (uid) on delete cascade,
  -- What devices run; null: they are told nothing yet, and the rollout has not begun.
  body text,
  -- Goes up when it begins anew: permits of earlier attempts count no more.
  attempt bigint not null default 1,
  -- Goes up when more devices may start.
  change bigint not null default 0,
  progress jsonb not null,
  -- What was last told of it.
  stage text not null,
  last_action jsonb,
  -- When time alone takes it further.
  due_at timestamptz
);
create index rollout_due on rollout (due_at) where due_at is not null;

-- Only of devices that asked and were not refused.
create table start_permit (
  deployment_uid uuid not null references rollout (deployment_uid) on delete cascade,
  device_uid uuid not null,
  attempt bigint not null,
  group_number int not null,
  -- The run that it was last given for.
  run_uid uuid not null,
  state text not null check (state in ('open', 'succeeded', 'failed', 'silent')),
  given_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (deployment_uid, device_uid)
);
create index start_permit_run on start_permit (run_uid);
create index start_permit_expires on start_permit (expires_at) where state = 'open';
