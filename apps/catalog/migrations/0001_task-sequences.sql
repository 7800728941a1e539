-- Up Migration
create table task_sequence (
  uid uuid primary key,
  name text not null constraint task_sequence_name_key unique,
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
create index task_sequence_labels on task_sequence using gin (labels jsonb_path_ops);

-- Every save that changed the specification, for ever: a deployment that pinned a digest can always be explained.
create table sequence_revision (
  task_sequence_uid uuid not null,
  revision int not null,
  name text not null,
  digest text not null,
  spec jsonb not null,
  author text not null,
  created_at timestamptz not null default now(),
  primary key (task_sequence_uid, revision)
);
create index sequence_revision_digest on sequence_revision (digest);
