-- Up Migration
-- Devices that changed since the site above was told of them. Kept by triggers, so that nobody who writes a device can forget it.
-- Whoever changes a device holds its row here until it commits: what is told is read behind that.
create table device_untold (name text primary key);
insert into device_untold select name from device;

create function note_untold_devices() returns trigger language plpgsql as $$
begin
  if tg_op <> 'DELETE' then
    insert into device_untold select distinct name from come order by name
      on conflict (name) do update set name = excluded.name;
  end if;
  if tg_op <> 'INSERT' then
    insert into device_untold select distinct name from gone order by name
      on conflict (name) do update set name = excluded.name;
  end if;
  return null;
end $$;
create trigger device_untold_new after insert on device
  referencing new table as come for each statement execute function note_untold_devices();
create trigger device_untold_changed after update on device
  referencing old table as gone new table as come for each statement execute function note_untold_devices();
create trigger device_untold_gone after delete on device
  referencing old table as gone for each statement execute function note_untold_devices();

-- As the column device.state says it, of devices of other sites.
create function device_state(status jsonb) returns text language sql immutable as $$
  select case when not coalesce((status -> 'enrolled')::boolean, false) then 'awaited'
    when status -> 'access' ->> 'state' in ('pending', 'unknown', 'blocked') then status -> 'access' ->> 'state'
    when status ? 'cloned' then 'cloned'
    when status ? 'obsolete' then 'obsolete'
    else 'approved' end
$$;
