-- Up Migration
-- How many devices of a collection that asks for alerts are inactive, as it was counted last: activity is time that passes, so no change of
-- a row can keep this count as it is, and counting each second would read every member.
create table collection_activity (
  collection_uid uuid primary key references collection (uid) on delete cascade,
  devices bigint not null,
  inactive bigint not null,
  counted_at timestamptz not null
);

create index collection_with_alerts on collection (uid) where spec ? 'alerts';
