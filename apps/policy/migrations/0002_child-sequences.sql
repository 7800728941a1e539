-- Up Migration
-- Which deployments a fact about a child sequence concerns: every child, of children too, that was asked for.
create table deployment_sequence (
  deployment_uid uuid not null references deployment (uid) on delete cascade,
  sequence text not null,
  primary key (deployment_uid, sequence)
);
create index deployment_sequence_sequence on deployment_sequence (sequence);

-- The stable code that goes with the reason.
alter table deployment add column reason_code text;
