-- Up Migration
-- Whatever has versions of files, one row for each, whatever its kind: versions, distributions and copies refer to this.
-- Kept by triggers, so that nobody who writes a kind's table can forget it.
create table content_owner (
  uid uuid primary key,
  kind text not null,
  name text not null,
  constraint content_owner_name unique (kind, name)
);
create function own_content() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    delete from content_owner where uid = old.uid;
  else
    insert into content_owner (uid, kind, name) values (new.uid, tg_argv[0], new.name);
  end if;
  return null;
end $$;

create table os_image (like package including all);
create table upgrade_package (like package including all);
create table boot_image (like package including all);
create table driver_package (like package including all);

insert into content_owner (uid, kind, name) select uid, 'Package', name from package;
create trigger package_owns_content after insert or delete on package
  for each row execute function own_content('Package');
create trigger os_image_owns_content after insert or delete on os_image
  for each row execute function own_content('OsImage');
create trigger upgrade_package_owns_content after insert or delete on upgrade_package
  for each row execute function own_content('UpgradePackage');
create trigger boot_image_owns_content after insert or delete on boot_image
  for each row execute function own_content('BootImage');
create trigger driver_package_owns_content after insert or delete on driver_package
  for each row execute function own_content('DriverPackage');

alter table package_version
  drop constraint package_version_package_uid_fkey,
  add constraint package_version_owner foreign key (package_uid) references content_owner on delete cascade;

-- What a Distribution brings.
create view distribution_content as
select d.uid as distribution_uid, owner.uid as owner_uid
from distribution d
join content_owner owner on owner.kind = coalesce(d.spec ->> 'kind', 'Package') and owner.name = d.spec ->> 'package';
create index distribution_content_name on distribution ((coalesce(spec ->> 'kind', 'Package')), (spec ->> 'package'));
drop index distribution_package;

create table application (like package including all);

-- What applications name, so that who uses something is a question for SQL. Written with every save.
create table application_reference (
  application_uid uuid not null references application on delete cascade,
  ordinal int not null,
  kind text not null check (kind in ('Package', 'Application')),
  name text not null,
  how text not null check (how in ('content', 'dependency', 'supersedes')),
  deployment_type text,
  path text not null,
  primary key (application_uid, ordinal)
);
create index application_reference_to on application_reference (kind, name);
