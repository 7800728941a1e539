-- Up Migration
-- What devices and collections have of variables, as the deployment service tells; hidden values sealed to this service.
create table variable_set (
  owner_uid uuid primary key,
  owner_kind text not null check (owner_kind in ('Device', 'Collection')),
  owner_name text not null,
  priority int not null,
  -- [{name, value} | {name, sealed}]
  variables jsonb not null,
  has_hidden boolean not null,
  -- Of all that is above: a poll that finds nothing new never reads the values.
  digest text not null
);

-- The key to which a device's secrets are sealed, as its last session told.
alter table device add column sealing_key jsonb;
