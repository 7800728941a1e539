-- Up Migration
-- Where the site above was reached when this one joined it; null: it joined before this was kept.
alter table hierarchy_parent add column address text;
