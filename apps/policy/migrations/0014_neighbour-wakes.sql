-- Up Migration
-- Packets that a connected device is asked to send to computers that sleep in its network. Gone as soon as it is told, or over.
create table neighbour_wake (
  id bigint generated always as identity primary key,
  device_uid uuid not null,
  packets jsonb not null,
  expires_at timestamptz not null
);
create index neighbour_wake_device on neighbour_wake (device_uid);
create index neighbour_wake_expires on neighbour_wake (expires_at);
