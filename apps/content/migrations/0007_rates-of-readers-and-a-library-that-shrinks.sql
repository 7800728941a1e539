-- Up Migration
-- Who reads copies at a point right now shares its rate with the transfers.
create index point_blob_held on point_blob (point_uid) where checked_by is not null;

-- What the library has and no version needs any more is removed after a grace period.
alter table library_blob
  add column unneeded_since timestamptz,
  -- Somebody began to remove it: it is not to be relied on.
  add column removing_at timestamptz;
create index library_blob_unneeded on library_blob (unneeded_since) where unneeded_since is not null;
create index package_version_manifest on package_version (manifest);
create index package_version_uploading on package_version (created_at) where state = 'uploading';

-- Lists of files of versions that are gone: looked at by the removal, whoever deleted them.
create table library_removal_candidate (manifest text primary key);
create function note_library_removal() returns trigger language plpgsql as $$
begin
  insert into library_removal_candidate (manifest) select distinct manifest from gone on conflict do nothing;
  return null;
end $$;
create trigger package_version_notes_removal after delete on package_version
  referencing old table as gone for each statement execute function note_library_removal();
-- What was deleted before there was this.
insert into library_removal_candidate (manifest)
select digest from manifest where not exists (select 1 from package_version where manifest = digest);
