-- Up Migration
-- Processes of the release before do not say whether a fate counts, and go on writing while a site is upgraded: the database looks it up
-- for them. Of what this release writes it looks only at fates that do not count.
create function fate_counts() returns trigger language plpgsql as $$
begin
  new.counts := exists (
    select 1 from deployment
    join collection on collection.name = deployment.collection
    join collection_member as member on member.collection_uid = collection.uid and member.device_uid = new.device_uid
    join device on device.uid = new.device_uid
    where deployment.uid = new.deployment_uid and may_act(device.state));
  return new;
end $$;
create trigger fates_that_count before insert on device_fate
  for each row when (not new.counts) execute function fate_counts();
create trigger fates_that_move before update of device_uid on device_fate
  for each row execute function fate_counts();

-- What they have written until now.
update device_fate as fate set counts = true
from deployment
join collection on collection.name = deployment.collection
join collection_member as member on member.collection_uid = collection.uid
join device on device.uid = member.device_uid
where fate.deployment_uid = deployment.uid and fate.device_uid = member.device_uid and may_act(device.state) and not fate.counts;
