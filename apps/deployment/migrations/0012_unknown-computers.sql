-- Up Migration
-- Computers of which the site has no record, blocked ones too: only rules that speak of unknown computers let them into collections.
alter table device add column unknown boolean not null generated always as (
  coalesce('unknown' in (status -> 'access' ->> 'state', status -> 'access' ->> 'before'), false)) stored;
alter table device drop column state;
alter table device add column state text not null generated always as (
  case when not coalesce((status -> 'enrolled')::boolean, false) then 'awaited'
       when status -> 'access' ->> 'state' in ('pending', 'unknown', 'blocked') then status -> 'access' ->> 'state'
       when status ? 'cloned' then 'cloned'
       when status ? 'obsolete' then 'obsolete'
       else 'approved' end) stored;
create index device_state on device (state, name);
