-- Up Migration
-- Whom each change of policy concerns, for some minutes: devices that are connected are woken by it. No collection and
-- no device: everybody.
create table policy_change (
  serial bigint not null,
  collection_uid uuid,
  device_uid uuid,
  changed_at timestamptz not null default now()
);
create index policy_change_serial on policy_change (serial);
create index policy_change_changed_at on policy_change (changed_at);
