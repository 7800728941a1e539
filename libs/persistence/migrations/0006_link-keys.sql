-- Up Migration
-- Link keys that a site gave up, each with until when it counts; and by which key that site knows this one (null: by the first).
alter table hierarchy_site add column previous_keys jsonb not null default '[]', add column knows_key text;
