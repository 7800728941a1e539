-- Up Migration
-- What the members of a collection depend on besides devices: whose members limit, join or leave it. By name: a
-- collection that others need cannot be deleted, and names never change.
create table collection_edge (
  collection text not null,
  needs text not null,
  primary key (collection, needs)
);
create index collection_edge_needs on collection_edge (needs, collection);
