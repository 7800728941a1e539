-- Up Migration
-- When devices run a deployment is one document that this service carries and devices decide by. What the columns said
-- is in it; the texts of moments stay as users wrote them.
alter table deployment
  add column rules jsonb,
  add column created_at timestamptz not null default now();
update deployment set rules = jsonb_strip_nulls(jsonb_build_object(
  'purpose', purpose, 'availableAt', available_at_text, 'expiresAt', expires_at_text));
alter table deployment
  alter column rules set not null,
  drop column purpose,
  drop column available_at_text,
  drop column expires_at_text;

-- The maintenance windows of a collection, as its specification has them.
alter table collection add column windows jsonb not null default '[]';
