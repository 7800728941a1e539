-- Up Migration
-- Alerts ask of a deployment how many of its runs are silent: few are.
create index run_silent on run (deployment_uid, device_uid, arrival) where end_result is null and silent_at is not null;
