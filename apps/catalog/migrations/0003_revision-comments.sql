-- Up Migration
-- Why somebody saved; and which version of the sequence a revision began, so that both sides of a conflict can be shown.
alter table sequence_revision add column comment text;
alter table sequence_revision add column resource_version bigint;

update sequence_revision set resource_version = task_sequence.resource_version
from task_sequence
where uid = task_sequence_uid and sequence_revision.digest = task_sequence.status ->> 'digest'
  and revision = (task_sequence.status ->> 'revision')::int;
