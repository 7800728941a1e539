-- Up Migration
-- How many devices of a deployment ended well and badly, each by its newest run that has ended: kept by the transactions
-- that end runs, so that an alert never counts a fleet. A device that runs again counts as before until that run ends.
create table deployment_tally (
  deployment_uid uuid primary key,
  succeeded bigint not null default 0,
  failed bigint not null default 0
);
create index run_ended on run (deployment_uid, device_uid, arrival desc) include (end_result) where end_result is not null;

insert into deployment_tally (deployment_uid, succeeded, failed)
select deployment_uid, count(*) filter (where end_result = 'succeeded'), count(*) filter (where end_result = 'failed')
from (
  select distinct on (deployment_uid, device_uid) deployment_uid, end_result
  from run where end_result is not null order by deployment_uid, device_uid, arrival desc
) as newest
group by deployment_uid;
