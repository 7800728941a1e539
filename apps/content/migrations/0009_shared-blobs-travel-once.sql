-- Up Migration
-- Of transfers to one point that need the same bytes the one that was claimed first brings them: its lease is the claim on them.
create sequence distribution_claim;
alter table distribution_job
  add column claim bigint not null default 0,
  -- The transfer whose bytes this one waits for. One that is over, whatever became of it, holds up nobody.
  add column behind bigint;
