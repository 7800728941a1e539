-- Up Migration
create table distribution_point_group (
  uid uuid primary key,
  name text not null constraint distribution_point_group_name_key unique,
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
create index distribution_point_group_labels on distribution_point_group using gin (labels jsonb_path_ops);
create index distribution_point_group_points on distribution_point_group using gin ((spec -> 'points'));
create index distribution_groups on distribution using gin ((spec -> 'groups'));

create table boundary_group (
  uid uuid primary key,
  name text not null constraint boundary_group_name_key unique,
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
create index boundary_group_labels on boundary_group using gin (labels jsonb_path_ops);
create unique index boundary_group_one_default on boundary_group ((true)) where (spec ->> 'isDefault')::boolean;

-- What a Distribution names, groups resolved to the points that they have now.
create view distribution_target as
select d.uid as distribution_uid, point.uid as point_uid
from distribution d cross join lateral jsonb_array_elements_text(d.spec -> 'points') as named (point_name)
join distribution_point point on point.name = named.point_name
union
select d.uid, point.uid
from distribution d cross join lateral jsonb_array_elements_text(d.spec -> 'groups') as named (group_name)
join distribution_point_group g on g.name = named.group_name
cross join lateral jsonb_array_elements_text(g.spec -> 'points') as member (point_name)
join distribution_point point on point.name = member.point_name;

-- The blobs of each manifest, so that who needs a blob is a question for SQL. Filled with the manifest, whoever inserts it.
create table manifest_blob (
  manifest text not null references manifest on delete cascade,
  digest text not null,
  size bigint not null,
  primary key (manifest, digest)
);
create index manifest_blob_digest on manifest_blob (digest);
create function list_manifest_blobs() returns trigger language plpgsql as $$
begin
  insert into manifest_blob (manifest, digest, size)
  select distinct new.digest, file ->> 'digest', (file ->> 'size')::bigint
  from jsonb_array_elements(new.document::jsonb -> 'files') as file
  on conflict do nothing;
  return new;
end $$;
create trigger manifest_lists_blobs after insert on manifest for each row execute function list_manifest_blobs();
insert into manifest_blob (manifest, digest, size)
select distinct m.digest, file ->> 'digest', (file ->> 'size')::bigint
from manifest m cross join lateral jsonb_array_elements(m.document::jsonb -> 'files') as file;

-- Every object that Muster keeps at a point, blobs and manifests: when it is read again, and what was wrong with it.
alter table point_blob
  add column kind text not null default 'blob' check (kind in ('blob', 'manifest')),
  add column check_due_at timestamptz not null default now() + interval '7 days',
  add column checked_by uuid,
  add column checked_until timestamptz,
  -- Written again, whatever reading it says.
  add column rewrite boolean not null default false,
  add column problem text,
  -- Nothing at the point needs it since then.
  add column unneeded_since timestamptz,
  -- Somebody began to remove it: it is not to be relied on.
  add column removing_at timestamptz,
  drop constraint point_blob_pkey,
  add primary key (point_uid, digest, kind);
create index point_blob_due on point_blob (check_due_at);
create index point_blob_bad on point_blob (digest, point_uid) where problem is not null;
create index point_blob_unneeded on point_blob (unneeded_since) where unneeded_since is not null;
insert into point_blob (point_uid, digest, etag, kind, check_due_at)
select distinct point_uid, manifest, '', 'manifest', now() from distribution_job where state = 'available';

alter table library_blob
  add column check_due_at timestamptz not null default now() + interval '7 days',
  add column checked_by uuid,
  add column checked_until timestamptz,
  add column problem text;
create index library_blob_due on library_blob (check_due_at);

-- What was wrong and is right again. A null point is the library.
create table copy_repair (
  id bigint generated always as identity primary key,
  point_uid uuid,
  digest text not null,
  kind text not null,
  found text not null,
  source text not null,
  repaired_at timestamptz not null default now()
);
create index copy_repair_copy on copy_repair (point_uid, digest);
create index copy_repair_time on copy_repair (repaired_at);

-- What travels first, and who cancelled.
alter table distribution_job add column priority smallint not null default 1 check (priority between 0 and 2);
drop index distribution_job_due;
create index distribution_job_due on distribution_job (priority, next_attempt_at) where state in ('pending', 'retrying');

-- What was at a point and may be needed by nobody there any more: looked at by the removal, whoever deleted the job.
create table removal_candidate (
  point_uid uuid not null,
  manifest text not null,
  primary key (point_uid, manifest)
);
create function note_removal_candidates() returns trigger language plpgsql as $$
begin
  insert into removal_candidate (point_uid, manifest) select distinct point_uid, manifest from gone on conflict do nothing;
  return null;
end $$;
create trigger distribution_job_notes_removal after delete on distribution_job
  referencing old table as gone for each statement execute function note_removal_candidates();
