-- Up Migration
-- Versions that were deleted by themselves: their numbers are not given again, and lists go on saying that they were there.
create table deleted_version (
  package_uid uuid not null references content_owner on delete cascade,
  version int not null,
  manifest text not null,
  files int not null,
  bytes bigint not null,
  author text not null,
  created_at timestamptz not null,
  source text,
  deleted_by text not null,
  deleted_at timestamptz not null default now(),
  primary key (package_uid, version)
);
