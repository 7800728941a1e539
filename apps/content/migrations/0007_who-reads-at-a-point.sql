-- Up Migration
-- Who reads copies at a point right now shares its rate with the transfers.
create index point_blob_held on point_blob (point_uid) where checked_by is not null;
