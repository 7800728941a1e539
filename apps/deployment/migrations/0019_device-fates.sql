-- Up Migration
-- What each device last told of each deployment, apart from its runs: whether it takes part, and how far it is. The greatest number
-- counts, in whatever order they come. Of a deployment that is deleted nothing is kept but its runs.
create table device_fate (
  deployment_uid uuid not null,
  device_uid uuid not null references device (uid) on update cascade on delete cascade,
  number bigint not null,
  acceptance text not null,
  acceptance_at timestamptz not null,
  acceptance_says text,
  -- started: a run has begun since, which tells more.
  delivery text,
  reason text,
  delivery_at timestamptz,
  until_at timestamptz,
  delivery_says text,
  state text not null generated always as (
    case when acceptance <> 'accepted' then acceptance else coalesce(delivery, acceptance) end) stored,
  primary key (deployment_uid, device_uid)
);
create index device_fate_device on device_fate (device_uid);
-- What will not begin any more: deployments are listed with how many these are.
create index device_fate_over on device_fate (deployment_uid, device_uid, state) where state in ('rejected', 'expired', 'not-rerun');

-- How many devices are in each state, kept by the statements that change them: alerts and sites above never count a fleet.
create table fate_tally (
  deployment_uid uuid not null,
  state text not null,
  reason text not null,
  devices bigint not null,
  primary key (deployment_uid, state, reason)
);

create function count_fates() returns trigger language plpgsql as $$
begin
  if tg_op <> 'DELETE' then
    insert into fate_tally as tally (deployment_uid, state, reason, devices)
    select deployment_uid, state, case when state = delivery then coalesce(reason, '') else '' end, count(*)
    from come group by 1, 2, 3 order by 1, 2, 3
    on conflict (deployment_uid, state, reason) do update set devices = tally.devices + excluded.devices;
  end if;
  if tg_op <> 'INSERT' then
    update fate_tally as tally set devices = tally.devices - left_it.devices
    from (
      select deployment_uid, state, case when state = delivery then coalesce(reason, '') else '' end as reason, count(*) as devices
      from gone group by 1, 2, 3
    ) as left_it
    where tally.deployment_uid = left_it.deployment_uid and tally.state = left_it.state and tally.reason = left_it.reason;
  end if;
  return null;
end $$;
create trigger fates_new after insert on device_fate
  referencing new table as come for each statement execute function count_fates();
create trigger fates_changed after update on device_fate
  referencing old table as gone new table as come for each statement execute function count_fates();
create trigger fates_gone after delete on device_fate
  referencing old table as gone for each statement execute function count_fates();
