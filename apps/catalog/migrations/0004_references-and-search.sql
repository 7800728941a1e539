-- Up Migration
-- What the nodes of the newest revisions refer to, disabled ones too: "where used" without reading any document. Written with
-- every save; the service fills in at its start what was saved before (the rules are those of the step types, not SQL).
create table task_sequence_reference (
  task_sequence_uid uuid not null references task_sequence (uid) on delete cascade,
  ordinal int not null,
  kind text not null,
  name text not null,
  program text,
  path text not null,
  pointer text not null,
  disabled boolean not null,
  primary key (task_sequence_uid, ordinal)
);
create index task_sequence_reference_to on task_sequence_reference (kind, name);

-- The words of names, types, variables, conditions and references. `version` is that of the rules that chose them.
create table task_sequence_words (
  task_sequence_uid uuid primary key references task_sequence (uid) on delete cascade,
  version int not null,
  words tsvector not null
);
create index task_sequence_words_words on task_sequence_words using gin (words);
