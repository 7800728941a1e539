-- Up Migration
-- What became of each device, by what its status says; people ask for those that wait, are blocked, or are not used any more.
alter table device add column state text not null generated always as (
  case when not coalesce((status -> 'enrolled')::boolean, false) then 'awaited'
       when status -> 'access' ->> 'state' in ('pending', 'blocked') then status -> 'access' ->> 'state'
       when status ? 'cloned' then 'cloned'
       when status ? 'obsolete' then 'obsolete'
       else 'approved' end) stored;
create index device_state on device (state, name);

-- When each device was last heard of. Apart from the records: these rows change all the time, and nobody watches them.
create table device_seen (
  device_uid uuid primary key references device (uid) on update cascade on delete cascade,
  seen_at timestamptz not null
);
create index device_seen_at on device_seen (seen_at);
