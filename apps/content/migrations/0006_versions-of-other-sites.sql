-- Up Migration
alter table package_version
  -- Code of the site that made the version and has its bytes; null: this site.
  add column source text,
  -- Whether every byte was in the library here once: from then on several transfers may read it at the same time.
  add column in_library boolean not null default true;

-- A number that two sites gave at the same time stays with one of them; the other's version gets another one, and so do its transfers.
alter table distribution_job
  drop constraint distribution_job_package_uid_version_fkey,
  add constraint distribution_job_version foreign key (package_uid, version)
    references package_version (package_uid, version) on update cascade;
