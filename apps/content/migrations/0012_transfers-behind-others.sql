-- Up Migration
-- Transfers that go on as soon as what they share with another one is there: it looks for them while it is under way.
create index distribution_job_behind on distribution_job (behind) where behind is not null;
-- All transfers of some content, whatever became of them: devices that ask for it on demand, a version that is deleted, or a next one.
create index distribution_job_content on distribution_job (package_uid, version);
