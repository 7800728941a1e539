-- Up Migration
-- Which deadlines have woken devices: a row for each deadline and time zone (empty: all), and how far its packets are.
create table wake_up (
  deployment_uid uuid not null,
  due_at timestamptz not null,
  time_zone text not null,
  after_device text not null default '',
  packets bigint not null default 0,
  taken_until timestamptz,
  done_at timestamptz,
  primary key (deployment_uid, due_at, time_zone)
);
create index wake_up_open on wake_up (due_at) where done_at is null;
create index deployment_wakes on deployment (uid) where spec -> 'wakeUp' = 'true';
