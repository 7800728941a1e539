-- Up Migration
create table device (
  uid uuid primary key,
  name text not null constraint device_name_key unique,
  display_name text,
  folder text,
  labels jsonb not null default '{}',
  resource_version bigint not null,
  generation bigint not null,
  spec jsonb not null,
  status jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index device_labels on device using gin (labels jsonb_path_ops);

create table collection (
  uid uuid primary key,
  name text not null constraint collection_name_key unique,
  display_name text,
  folder text,
  labels jsonb not null default '{}',
  resource_version bigint not null,
  generation bigint not null,
  spec jsonb not null,
  status jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index collection_labels on collection using gin (labels jsonb_path_ops);
-- "Which collections does this new device enter?" asks for the rule, not for every collection.
create index collection_rules on collection using gin (spec jsonb_path_ops);

-- Who is in what. No foreign keys: whoever changes membership holds the advisory lock of membership.repository.ts,
-- and a foreign key's row locks would wait in the other order for those who hold a collection's row.
create table collection_member (
  collection_uid uuid not null,
  device_uid uuid not null,
  primary key (collection_uid, device_uid)
);
create index collection_member_device on collection_member (device_uid);

-- How many members there are, kept by the statements that change them: a page of collections or a new deployment
-- never counts a fleet.
create table collection_size (
  collection_uid uuid primary key,
  members bigint not null
);

create function count_members() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into collection_size (collection_uid, members)
    select collection_uid, count(*) from changed group by collection_uid
    on conflict (collection_uid) do update set members = collection_size.members + excluded.members;
  else
    update collection_size set members = collection_size.members - gone.members
    from (select collection_uid, count(*) as members from changed group by collection_uid) as gone
    where collection_size.collection_uid = gone.collection_uid;
  end if;
  return null;
end
$$;
create trigger members_entered after insert on collection_member
  referencing new table as changed for each statement execute function count_members();
create trigger members_left after delete on collection_member
  referencing old table as changed for each statement execute function count_members();

create table deployment (
  uid uuid primary key,
  name text not null constraint deployment_name_key unique,
  display_name text,
  folder text,
  labels jsonb not null default '{}',
  resource_version bigint not null,
  generation bigint not null,
  spec jsonb not null,
  status jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  sequence text not null generated always as (spec ->> 'sequence') stored,
  collection text not null generated always as (spec ->> 'collection') stored
);
create index deployment_labels on deployment using gin (labels jsonb_path_ops);
create index deployment_sequence on deployment (sequence);
create index deployment_collection on deployment (collection);

-- What a deleted deployment was: reports of runs that it began may still come.
create table past_deployment (
  uid uuid primary key,
  name text not null,
  sequence text not null,
  sequence_digest text not null,
  deleted_at timestamptz not null default now()
);

-- The newest revision of each sequence that anybody deployed or the catalog told of.
create table sequence_head (
  name text primary key,
  uid uuid not null,
  revision bigint not null,
  digest text not null
);

-- One execution on one device, as its reports tell. The agent's numbers may exceed 32 bits.
create table run (
  uid uuid primary key,
  name text not null constraint run_name_key unique,
  labels jsonb not null,
  resource_version bigint not null,
  -- The order in which runs became known: the newest of a device and deployment is its state there.
  arrival bigint generated always as identity,
  device text not null,
  device_uid uuid not null,
  deployment text not null,
  deployment_uid uuid not null,
  sequence text not null,
  sequence_digest text not null,
  last_number bigint not null default 0,
  started_at timestamptz,
  total_steps bigint,
  restart_number bigint,
  end_number bigint,
  end_result text,
  finished_at timestamptz,
  exit_code bigint,
  code text,
  message text,
  state text not null generated always as (
    case when end_result is not null then end_result
         when restart_number = last_number then 'restart-pending'
         else 'running' end) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index run_labels on run using gin (labels jsonb_path_ops);
create index run_newest on run (deployment_uid, device_uid, arrival desc) include (state);
create index run_device on run (device_uid, arrival desc);
-- Runs that may have fallen silent: leases look here.
create index run_unfinished on run (updated_at) where end_result is null;

-- One row per step: start and end merged. Paths can be longer than an index entry may be, so their hash is the key.
create table run_step (
  run_uid uuid not null references run (uid) on delete cascade,
  path text not null,
  path_key text not null generated always as (md5(path)) stored,
  number bigint not null,
  type text,
  first_start_number bigint,
  started_at timestamptz,
  last_start_number bigint,
  attempt bigint,
  end_number bigint,
  end_attempt bigint,
  outcome text,
  reason text,
  code text,
  exit_code bigint,
  continued_on_error boolean,
  finished_at timestamptz,
  message text,
  output text,
  primary key (run_uid, path_key)
);

-- Runs as the other kinds are stored, for the reading half of the resource machinery.
create view run_document as
select uid, name, null::text as display_name, null::text as folder, labels, resource_version, 1::bigint as generation,
  jsonb_build_object(
    'device', device, 'deviceUid', device_uid, 'deployment', deployment, 'deploymentUid', deployment_uid,
    'sequence', sequence, 'sequenceDigest', sequence_digest) as spec,
  jsonb_strip_nulls(jsonb_build_object(
    'state', state,
    'startedAt', to_char(started_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'finishedAt', to_char(finished_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'exitCode', exit_code, 'message', message, 'totalSteps', total_steps,
    'steps', '[]'::jsonb)) as status,
  created_at, updated_at
from run;
