-- Up Migration
-- Not only packages: whatever nodes refer to and was deleted.
alter table missing_package
  add column kind text not null default 'Package',
  drop constraint missing_package_pkey,
  add primary key (kind, name);
