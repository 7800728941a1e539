-- Up Migration
-- Runs that shall end behind their step at hand, whatever policy says of their deployment.
create table run_stop (
  run_id uuid primary key,
  device_uid uuid not null,
  asked_at timestamptz not null default now()
);
create index run_stop_device on run_stop (device_uid);
create index run_stop_asked_at on run_stop (asked_at);

-- Of a deployment that was deleted: when somebody asked for the end of what goes on of it. What was stopped before has it in its rules.
alter table deployment add column stopped_at timestamptz;
-- Few are stopped; whoever left their collections is told of these alone.
create index deployment_stopped on deployment (collection_uid) where stopped_at is not null or rules ->> 'hold' = 'Runs';
