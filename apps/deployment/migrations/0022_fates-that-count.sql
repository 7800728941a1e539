-- Up Migration
-- A fate counts while its device is in the collection of the deployment and may do something. Whoever changes either changes this, in the
-- same transaction and at the cost of what changed: alerts would else stay for devices that have left.
alter table device_fate add column counts boolean not null default false;

create function may_act(state text) returns boolean language sql immutable
return state not in ('blocked', 'cloned', 'obsolete');

update device_fate as fate set counts = true
from deployment
join collection on collection.name = deployment.collection
join collection_member as member on member.collection_uid = collection.uid
join device on device.uid = member.device_uid
where fate.deployment_uid = deployment.uid and fate.device_uid = member.device_uid and may_act(device.state);

-- One statement in the order of its rows: those who change the same counts wait for each other, and never in a circle.
create or replace function count_fates() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into fate_tally as tally (deployment_uid, state, reason, devices)
    select deployment_uid, state, case when state = delivery then coalesce(reason, '') else '' end, count(*)
    from come where counts group by 1, 2, 3 order by 1, 2, 3
    on conflict (deployment_uid, state, reason) do update set devices = tally.devices + excluded.devices;
  elsif tg_op = 'UPDATE' then
    insert into fate_tally as tally (deployment_uid, state, reason, devices)
    select deployment_uid, state, case when state = delivery then coalesce(reason, '') else '' end, sum(one)
    from (
      select deployment_uid, state, delivery, reason, 1 as one from come where counts
      union all
      select deployment_uid, state, delivery, reason, -1 from gone where counts
    ) as moved
    group by 1, 2, 3 having sum(one) <> 0 order by 1, 2, 3
    on conflict (deployment_uid, state, reason) do update set devices = tally.devices + excluded.devices;
  else
    insert into fate_tally as tally (deployment_uid, state, reason, devices)
    select deployment_uid, state, case when state = delivery then coalesce(reason, '') else '' end, -count(*)
    from gone where counts group by 1, 2, 3 order by 1, 2, 3
    on conflict (deployment_uid, state, reason) do update set devices = tally.devices + excluded.devices;
  end if;
  return null;
end $$;

delete from fate_tally;
insert into fate_tally (deployment_uid, state, reason, devices)
select deployment_uid, state, case when state = delivery then coalesce(reason, '') else '' end, count(*)
from device_fate where counts group by 1, 2, 3;

create function count_fates_of_members() returns trigger language plpgsql as $$
declare
  deployments uuid[];
begin
  select array_agg(deployment.uid) into deployments
  from (select distinct collection_uid from changed) as touched
  join collection on collection.uid = touched.collection_uid
  join deployment on deployment.collection = collection.name;
  if deployments is null then
    return null;
  end if;
  update device_fate as fate set counts = wanted.counts
  from (
    select told.deployment_uid, told.device_uid, member.device_uid is not null and may_act(device.state) as counts
    from changed
    join collection on collection.uid = changed.collection_uid
    join deployment on deployment.collection = collection.name
    join device_fate as told on told.deployment_uid = deployment.uid and told.device_uid = changed.device_uid
    join device on device.uid = told.device_uid
    left join collection_member as member
      on member.collection_uid = changed.collection_uid and member.device_uid = changed.device_uid
    where deployment.uid = any(deployments)
    order by told.device_uid, told.deployment_uid
    for update of told
  ) as wanted
  where fate.deployment_uid = wanted.deployment_uid and fate.device_uid = wanted.device_uid and fate.counts <> wanted.counts;
  return null;
end $$;
create trigger fates_of_entered after insert on collection_member
  referencing new table as changed for each statement execute function count_fates_of_members();
create trigger fates_of_left after delete on collection_member
  referencing old table as changed for each statement execute function count_fates_of_members();
create trigger fates_of_replaced after update on collection_member
  referencing old table as changed for each statement execute function count_fates_of_members();
create trigger fates_of_replacing after update on collection_member
  referencing new table as changed for each statement execute function count_fates_of_members();

-- Rarely: somebody blocks a device, or lets it in again.
create function count_fates_of_device() returns trigger language plpgsql as $$
begin
  update device_fate as fate set counts = may_act(new.state)
  from deployment
  join collection on collection.name = deployment.collection
  join collection_member as member on member.collection_uid = collection.uid and member.device_uid = new.uid
  where fate.device_uid = new.uid and fate.deployment_uid = deployment.uid;
  return null;
end $$;
create trigger fates_of_device after update on device
  for each row when (may_act(old.state) <> may_act(new.state)) execute function count_fates_of_device();
