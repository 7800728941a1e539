-- Up Migration
create table client_settings (
  uid uuid primary key,
  name text not null constraint client_settings_name_key unique,
  display_name text,
  folder text,
  labels jsonb not null default '{}',
  resource_version bigint not null,
  generation bigint not null,
  spec jsonb not null,
  status jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
