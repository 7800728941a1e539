-- Up Migration
-- Transfers that go on as soon as what they share with another one is there: it looks for them while it is under way.
create index distribution_job_behind on distribution_job (behind) where behind is not null;
