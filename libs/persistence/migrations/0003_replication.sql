-- Up Migration
-- Objects that live at several sites, each once, as this site knows it: what counts, who wrote it, and what was seen. A feed is
-- this table in the order of its writes, so that reading from the start is reading a snapshot, and nothing is ever pruned from it.
create sequence replica_sequence;
create table replica (
  kind text not null,
  key text not null,
  data_class text not null,
  -- Of site data: the site that it belongs to.
  owner text,
  -- The write that counts: hierarchy/version.ts.
  site text not null,
  stamp bigint not null,
  basis jsonb not null,
  seen jsonb not null,
  -- null: deleted, and remembered.
  content jsonb,
  schema_version int not null,
  -- The neighbour that sent exactly this; it need not have it back.
  via text,
  -- Place in the feed. Numbers of transactions are given when they begin: readers stop before the oldest that is open.
  transaction xid8 not null default pg_current_xact_id(),
  sequence bigint not null default nextval('replica_sequence'),
  -- Of 256, for digests that find where two sites differ.
  bucket smallint not null generated always as (get_byte(decode(md5(kind || '/' || key), 'hex'), 0)) stored,
  primary key (kind, key)
);
create index replica_in_order on replica (transaction, sequence);
create index replica_bucket on replica (kind, bucket);

-- The feed's life: another one after this database was restored from a backup and a neighbour noticed.
create table replica_feed (
  only_row boolean primary key default true check (only_row),
  life uuid not null default gen_random_uuid()
);
insert into replica_feed default values;

-- Replicated objects that cannot be put to use at this site, and why. Tried again whenever something changes.
create table replica_problem (
  kind text not null,
  key text not null,
  code text not null,
  message text not null,
  attempts bigint not null default 1,
  since timestamptz not null default now(),
  tried_at timestamptz not null default now(),
  primary key (kind, key)
);
create index replica_problem_tried on replica_problem (tried_at);

-- What a neighbour sent that cannot be taken in at all: visible, not blocking.
create table replica_parked (
  id bigint generated always as identity primary key,
  peer text not null,
  transaction bigint not null,
  sequence bigint not null,
  entry jsonb not null,
  error text not null,
  parked_at timestamptz not null default now(),
  unique (peer, transaction, sequence)
);

-- This service's copy of the hierarchy: which sites there are, and by which keys they are known.
create table hierarchy_site (
  code text primary key,
  kind text not null,
  parent text,
  public_key jsonb,
  revoked_at timestamptz
);

-- A neighbour: how far its feed was read here, and how far it has read the feed of this site.
create table replica_link (
  peer text primary key,
  cursor_life uuid,
  cursor_transaction bigint not null default 0,
  cursor_sequence bigint not null default 0,
  given_transaction bigint not null default 0,
  given_sequence bigint not null default 0,
  everything_transaction bigint not null default 0,
  everything_sequence bigint not null default 0,
  -- Of the neighbour's feed when it was last read: what is waiting there.
  backlog bigint not null default 0,
  failed_attempts bigint not null default 0,
  last_error text,
  succeeded_at timestamptz,
  -- Both sites had the same then: since when is not known better.
  level_at timestamptz,
  clock_ahead_milliseconds bigint not null default 0,
  verified_at timestamptz,
  differences bigint
);
