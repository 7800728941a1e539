-- Up Migration
-- In which IPv4 subnets each device is, as it told: who is in one can send packets to those that sleep in it.
create table device_subnet (
  subnet text not null,
  device_uid uuid not null references device (uid) on update cascade on delete cascade,
  primary key (subnet, device_uid)
);
create index device_subnet_device on device_subnet (device_uid);

create function device_subnets(status jsonb) returns setof text language sql immutable as $$
  select distinct subnet #>> '{}' from jsonb_path_query(status, '$.facts.network[*].subnets[*]') as told (subnet)
$$;

create function note_device_subnets() returns trigger language plpgsql as $$
begin
  delete from device_subnet where device_uid = new.uid;
  insert into device_subnet (subnet, device_uid) select subnet, new.uid from device_subnets(new.status) as told (subnet);
  return null;
end
$$;
create trigger device_told_subnets after insert on device
  for each row when (new.status #> '{facts,network}' is not null) execute function note_device_subnets();
create trigger device_changed_subnets after update on device
  for each row when (new.status #> '{facts,network}' is distinct from old.status #> '{facts,network}')
  execute function note_device_subnets();

insert into device_subnet (subnet, device_uid) select subnet, uid from device, device_subnets(device.status) as told (subnet);
