-- Up Migration
-- Tokens with which sites join below this one. hierarchy_site, which every service has, is written here first.
create table hierarchy_join_token (
  uid uuid primary key,
  sha256 text not null unique,
  code text not null,
  kind text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  used_at timestamptz,
  -- Of the link key of the site that used it.
  used_by text
);
create index hierarchy_join_token_code on hierarchy_join_token (code, used_at);

-- How this site's bus connects to that of the site above, as it answered. The password in it is sealed.
create table hierarchy_parent (
  only_row boolean primary key default true check (only_row),
  leaf jsonb
);
