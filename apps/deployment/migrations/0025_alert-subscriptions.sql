-- Up Migration
create table alert_subscription (
  uid uuid primary key,
  name text not null constraint alert_subscription_name_key unique,
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

-- One mail of a subscription, as it is sent however often. `recipients` has what the server said to each address; null: it was not
-- asked yet, and the addresses are those of the subscription when it is.
create table alert_mail (
  uid uuid primary key,
  subscription_uid uuid not null references alert_subscription (uid) on delete cascade,
  subject text not null,
  body text not null,
  state text not null default 'pending',
  recipients jsonb,
  attempts bigint not null default 0,
  failures bigint not null default 0,
  next_attempt_at timestamptz not null default now(),
  lease uuid,
  leased_until timestamptz,
  last_error text,
  taken_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index alert_mail_due on alert_mail (next_attempt_at) where state = 'pending';
create index alert_mail_newest on alert_mail (subscription_uid, created_at);
create index alert_mail_over on alert_mail (updated_at) where state <> 'pending';

-- That an alert was raised or resolved, for one subscription; written in the transaction that makes it so.
create table alert_notice (
  id bigint generated always as identity primary key,
  subscription_uid uuid not null references alert_subscription (uid) on delete cascade,
  -- null: no mail tells it yet.
  mail_uid uuid references alert_mail (uid) on delete cascade deferrable initially deferred,
  site text not null,
  alert text not null,
  rule text not null,
  severity text not null,
  deployment text,
  crossing text not null,
  message text not null,
  happened_at timestamptz not null,
  noted_at timestamptz not null default now()
);
create index alert_notice_waiting on alert_notice (subscription_uid, noted_at) where mail_uid is null;
create index alert_notice_mail on alert_notice (mail_uid);
create index alert_notice_of on alert_notice (subscription_uid, site, alert);

-- Alerts of other sites that came here, and which of their crossings were looked at. Noted by a trigger, so that whoever takes in
-- what sites send need not know of it.
create table alert_heard (
  key text primary key,
  raised_at timestamptz,
  resolved_at timestamptz,
  changed boolean not null default true
);
create index alert_heard_changed on alert_heard (key) where changed;
-- What is there already is known; only what happens from now on is told.
insert into alert_heard (key, raised_at, resolved_at, changed)
select key, (content #>> '{status,raisedAt}')::timestamptz, (content #>> '{status,resolvedAt}')::timestamptz, false
from replica where kind = 'Alert' and content is not null and via is not null;

create function note_heard_alert() returns trigger language plpgsql as $$
begin
  insert into alert_heard (key) values (new.key) on conflict (key) do update set changed = true;
  return null;
end $$;
create trigger alert_heard after insert or update on replica
  for each row when (new.kind = 'Alert' and new.via is not null) execute function note_heard_alert();
