-- Up Migration
-- Not only packages: whatever a fact may tell of and a body is made of, applications too.
alter table deployment_package
  add column kind text not null default 'Package',
  drop constraint deployment_package_pkey,
  add primary key (deployment_uid, kind, package);
create index deployment_package_content on deployment_package (kind, package);
drop index deployment_package_package;
