-- Up Migration
-- Runs that ended are looked through by when something was heard of them last: old ones are forgotten.
create index run_heard_last on run (updated_at, uid) where end_result is not null;
