-- Up Migration
-- Secrets of steps that a body refers to, sealed to this service. The body has names only: it is the same for all devices.
create table body_secret (
  body_digest text not null references body (digest) on delete cascade,
  name text not null,
  sealed text not null,
  primary key (body_digest, name)
);
create index body_secret_name on body_secret (name);
