-- Up Migration
-- Secrets of steps, sealed to the policy service: nobody here can open them. Specifications, revisions and facts have the name
-- only. Revisions never change, so neither do these; a sequence that is deleted leaves its own to the revisions that stay.
create table sealed_secret (
  name text primary key,
  sealed text not null,
  created_at timestamptz not null default now()
);
