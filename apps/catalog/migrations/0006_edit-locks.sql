-- Up Migration
-- Who is editing a sequence, where, and until when nobody else should save it.
create table edit_lock (
  task_sequence_uid uuid primary key references task_sequence (uid) on delete cascade,
  holder text not null,
  machine text not null,
  taken_at timestamptz not null,
  expires_at timestamptz not null
);
