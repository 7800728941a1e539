-- Up Migration
-- Every save that changed an application's specification, for ever. Those of before are kept by the service when it starts: their
-- digests are not those that SQL could make.
create table application_revision (
  application_uid uuid not null,
  revision int not null,
  digest text not null,
  spec jsonb not null,
  author text not null,
  comment text,
  created_at timestamptz not null default now(),
  primary key (application_uid, revision)
);
