-- Up Migration
-- Folders of task sequences. A folder that a sequence is in is here, and so are those around it; empty ones stay until somebody
-- deletes them.
create table folder (
  path text primary key,
  created_at timestamptz not null default now(),
  created_by text not null
);

with recursive inside (path) as (
  select distinct folder from task_sequence where folder is not null and folder <> '/'
  union
  select regexp_replace(path, '/[^/]+$', '') from inside where path ~ '^/[^/]+/'
)
insert into folder (path, created_by) select path, 'system' from inside;

create index task_sequence_folder on task_sequence (folder, name);
