-- Up Migration
-- Names of the feed's lives that are over, the latest last. Who knows a life that is neither this one nor one of these has read
-- what this database has forgotten: it was restored.
alter table replica_feed add column former uuid[] not null default '{}';
