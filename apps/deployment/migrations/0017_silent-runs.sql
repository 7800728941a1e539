-- Up Migration
-- When it was told that nothing is heard of a run any more; null: it is heard of, or has ended, or nobody has looked yet.
alter table run add column silent_at timestamptz;
drop index run_unfinished;
create index run_not_heard on run (updated_at) where end_result is null and silent_at is null;

-- A run that has not ended and of which nothing was heard for a day is silent, whatever it last said.
create or replace view run_document as
select uid, name, null::text as display_name, null::text as folder, labels, resource_version, 1::bigint as generation,
  jsonb_build_object(
    'device', device, 'deviceUid', device_uid, 'deployment', deployment, 'deploymentUid', deployment_uid,
    'sequence', sequence, 'sequenceDigest', sequence_digest) as spec,
  jsonb_strip_nulls(jsonb_build_object(
    'state', case when end_result is null and updated_at < now() - interval '24 hours' then 'silent' else state end,
    'startedAt', to_char(started_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'finishedAt', to_char(finished_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'exitCode', exit_code, 'message', message, 'totalSteps', total_steps,
    'steps', '[]'::jsonb)) as status,
  created_at, updated_at
from run;
