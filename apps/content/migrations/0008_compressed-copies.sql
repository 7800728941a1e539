-- Up Migration
-- Copies of blobs in the library, compressed, for other sites to fetch. They go when nobody asks any more.
create table compressed_copy (
  digest text primary key,
  -- Whether the blob shrinks: there is a copy. Otherwise it is only known that none is worth it.
  shrinks boolean not null,
  made_at timestamptz not null default now(),
  asked_at timestamptz not null default now()
);
create index compressed_copy_by_asked on compressed_copy (asked_at);
