-- Up Migration
-- What the site tells of itself, written in the transaction that makes it true. As with the outbox, a committed event
-- gets the next position, so that whoever reads on from a position misses none that committed late.
create table event (
  id uuid primary key,
  sequence bigint generated always as identity,
  position bigint unique,
  type text not null,
  subject text not null,
  data jsonb not null,
  occurred_at timestamptz not null default now()
);
create index event_unpositioned on event (sequence) where position is null;
create index event_time on event (occurred_at);
create index event_device on event ((data ->> 'device'), position);
create index event_deployment on event ((data ->> 'deployment'), position);

create table event_head (
  only_row boolean primary key default true check (only_row),
  position bigint not null default 0
);
insert into event_head default values;
