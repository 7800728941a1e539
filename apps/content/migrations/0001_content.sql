-- Up Migration
create table package (
  uid uuid primary key,
  name text not null constraint package_name_key unique,
  display_name text,
  folder text,
  labels jsonb not null default '{}',
  resource_version bigint not null,
  generation bigint not null,
  spec jsonb not null,
  -- What the last fact said; readers get it derived from package_version.
  status jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index package_labels on package using gin (labels jsonb_path_ops);

create table distribution_point (
  uid uuid primary key,
  name text not null constraint distribution_point_name_key unique,
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
create index distribution_point_labels on distribution_point using gin (labels jsonb_path_ops);

create table distribution (
  uid uuid primary key,
  name text not null constraint distribution_name_key unique,
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
create index distribution_labels on distribution using gin (labels jsonb_path_ops);
create index distribution_package on distribution ((spec ->> 'package'));
create index distribution_points on distribution using gin ((spec -> 'points'));

-- The canonical JSON whose SHA-256 is the digest: text, because its bytes matter.
create table manifest (
  digest text primary key,
  document text not null,
  created_at timestamptz not null default now()
);

create table package_version (
  package_uid uuid not null references package on delete cascade,
  version int not null,
  state text not null check (state in ('uploading', 'available')),
  manifest text not null references manifest,
  files int not null,
  bytes bigint not null,
  author text not null,
  created_at timestamptz not null default now(),
  primary key (package_uid, version)
);

-- Blobs that the library was proven to hold, byte for byte.
create table library_blob (
  digest text primary key,
  size bigint not null,
  proven_at timestamptz not null default now()
);

-- Blobs that a point was proven to hold. The ETag tells an overwritten object apart.
create table point_blob (
  point_uid uuid not null,
  digest text not null,
  etag text not null,
  proven_at timestamptz not null default now(),
  primary key (point_uid, digest)
);

-- One version's way to one point: the queue of the workers, and the truth of what can be downloaded where.
-- No foreign keys to distribution and distribution_point: checking them would lock those rows in the order opposite to
-- that of an apply. A package or a point that a Distribution names cannot be deleted, and deleting a Distribution deletes
-- its jobs.
create table distribution_job (
  id bigint generated always as identity primary key,
  distribution_uid uuid not null,
  point_uid uuid not null,
  package_uid uuid not null,
  version int not null,
  manifest text not null references manifest,
  state text not null default 'pending'
    check (state in ('pending', 'transferring', 'available', 'retrying', 'failed')),
  files int not null,
  bytes bigint not null,
  files_done int not null default 0,
  bytes_done bigint not null default 0,
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  leased_by uuid,
  leased_until timestamptz,
  last_error text,
  updated_at timestamptz not null default now(),
  constraint distribution_job_once unique (distribution_uid, point_uid, package_uid, version),
  foreign key (package_uid, version) references package_version (package_uid, version),
  check ((state = 'transferring') = (leased_by is not null and leased_until is not null))
);
create index distribution_job_due on distribution_job (next_attempt_at) where state in ('pending', 'retrying');
create index distribution_job_leased on distribution_job (leased_until) where state = 'transferring';
create index distribution_job_served on distribution_job (package_uid, version desc) where state = 'available';
create index distribution_job_manifest on distribution_job (manifest) where state = 'available';
create index distribution_job_point on distribution_job (point_uid);

-- Distributions whose progress others should hear of. Apart from the distribution's row, so that workers never wait for an apply.
create table distribution_announcement (
  distribution_uid uuid primary key,
  wanted boolean not null default false,
  announced_at timestamptz not null default now()
);
create index distribution_announcement_wanted on distribution_announcement (announced_at) where wanted;
