-- Up Migration
-- Which process of the service reads the feed of the neighbour, and until when it has that to itself without saying so again.
alter table replica_link add column reader uuid;
alter table replica_link add column reader_until timestamptz;
