-- Up Migration
-- Who wants a run to end alone, since when and why; null: nobody.
alter table run add column stop jsonb;
-- How a deployment was held when it was deleted, and when somebody asked for the end of what goes on of it later.
alter table past_deployment add column hold text, add column stopped_at timestamptz;
create index past_deployment_name on past_deployment (name, deleted_at desc);

create or replace view run_document as
select uid, name, null::text as display_name, null::text as folder, labels, resource_version, 1::bigint as generation,
  jsonb_build_object(
    'device', device, 'deviceUid', device_uid, 'deployment', deployment, 'deploymentUid', deployment_uid,
    'sequence', sequence, 'sequenceDigest', sequence_digest) as spec,
  jsonb_strip_nulls(jsonb_build_object(
    'state', case when end_result is null and updated_at < now() - interval '24 hours' then 'silent' else state end,
    'startedAt', to_char(started_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'finishedAt', to_char(finished_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'exitCode', exit_code, 'message', message, 'totalSteps', total_steps, 'stop', stop,
    'steps', '[]'::jsonb)) as status,
  created_at, updated_at
from run;
