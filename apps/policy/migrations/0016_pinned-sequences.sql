-- Up Migration
-- The sequence of a deployment that stays with one of its revisions: disabling it suspends that deployment too. Null: it follows the newest.
alter table deployment add column pinned_to text;
