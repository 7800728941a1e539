-- Up Migration
-- What the members of a collection depend on besides devices: whose members limit, join or leave it. By name: a
-- collection that others need cannot be deleted, and names never change.
create table collection_edge (
  collection text not null,
  needs text not null,
  primary key (collection, needs)
);
create index collection_edge_needs on collection_edge (needs, collection);

-- Which facts the queries of a collection read: a changed fact evaluates only the collections that read it.
create table collection_reads (
  collection text not null,
  fact text not null,
  primary key (collection, fact)
);
create index collection_reads_fact on collection_reads (fact, collection);
