-- Up Migration
-- One alert for each rule and subject, for as long as it is kept: raised again it is the same one.
create table alert (
  uid uuid primary key,
  name text not null constraint alert_name_key unique,
  resource_version bigint not null,
  rule text not null,
  subject_kind text not null,
  subject_name text not null,
  subject_uid uuid not null,
  state text not null,
  holds boolean not null,
  severity text not null,
  message text not null,
  raised bigint not null,
  raised_at timestamptz not null,
  resolved_at timestamptz,
  changed_at timestamptz not null,
  changed_by text,
  postponed_until timestamptz,
  comments jsonb not null default '[]',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (rule, subject_uid)
);

create index deployment_with_alerts on deployment (uid) where spec ? 'alerts';

-- Alerts as the other kinds are stored, for the reading half of the resource machinery.
create view alert_document as
select uid, name, null::text as display_name, null::text as folder,
  jsonb_build_object('rule', rule, 'state', state, lower(subject_kind), subject_name) as labels,
  resource_version, 1::bigint as generation,
  jsonb_build_object(
    'rule', rule, 'subject', jsonb_build_object('kind', subject_kind, 'name', subject_name, 'uid', subject_uid)) as spec,
  jsonb_strip_nulls(jsonb_build_object(
    'state', state, 'severity', severity, 'message', message, 'holds', holds, 'raised', raised,
    'raisedAt', to_char(raised_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'resolvedAt', to_char(resolved_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'changedAt', to_char(changed_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'changedBy', changed_by,
    'postponedUntil', to_char(postponed_until at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'comments', comments)) as status,
  created_at, updated_at
from alert;
