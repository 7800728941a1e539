-- Up Migration
-- What was last told of objects of other services, so that each thing that happens to one is told once: their facts come for much more.
create table told_sequence (
  uid uuid primary key,
  revision bigint not null
);
insert into told_sequence (uid, revision) select uid, revision from sequence_head;

create table told_distribution (
  uid uuid primary key,
  told jsonb not null
);
