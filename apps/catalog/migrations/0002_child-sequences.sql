-- Up Migration
-- Which sequences the enabled nodes of the newest revision name: the way back to a sequence is found without reading
-- any document.
create table task_sequence_child (
  task_sequence_uid uuid not null references task_sequence (uid) on delete cascade,
  child text not null,
  primary key (task_sequence_uid, child)
);

with recursive node (uid, node) as (
  select uid, step from task_sequence, jsonb_array_elements(spec -> 'steps') as step
  union all
  select uid, step from node, jsonb_array_elements(node -> 'steps') as step
  where node ? 'group' and node -> 'disabled' is distinct from 'true'
)
insert into task_sequence_child (task_sequence_uid, child)
select distinct uid, node ->> 'sequence' from node
where node ? 'sequence' and node -> 'disabled' is distinct from 'true';
