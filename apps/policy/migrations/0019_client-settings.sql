-- Up Migration
-- Settings of agents, for the members of collections by name; the default ones are for the collections that every device is in.
create table client_settings (
  uid uuid primary key,
  name text not null,
  priority int,
  collections text[] not null,
  settings jsonb not null
);
