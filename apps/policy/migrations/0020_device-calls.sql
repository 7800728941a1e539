-- Up Migration
-- What devices are called for besides new policy, for some minutes: those that are connected are told. By the serial of policy every process
-- hears of it, and no policy is read anew.
create table device_call (
  serial bigint not null,
  collection_uid uuid,
  device_uid uuid,
  wish text not null,
  called_at timestamptz not null default now()
);
create index device_call_serial on device_call (serial);
create index device_call_called_at on device_call (called_at);
