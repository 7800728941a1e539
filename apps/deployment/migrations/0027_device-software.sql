-- Up Migration
-- Each name, version and architecture that some device has, once: fleets have the same packages.
create table software (
  id integer generated always as identity primary key,
  name text collate "C" not null,
  version text collate "C" not null,
  -- '': its package manager names none
  architecture text collate "C" not null,
  constraint software_key unique (name, version, architecture)
);

-- What is installed on a device, as sorted ids of `software`: one row for each device, and not one for each package on it. No foreign
-- keys: who writes here holds the lock of membership, and a record that is merged gets another uid.
create table device_software (
  device_uid uuid primary key,
  items integer[] not null,
  -- Installed, and more than one device may tell: what is not in `items` may be there all the same.
  left_out integer not null,
  changed_at timestamptz not null
);
create index device_software_items on device_software using gin (items);
