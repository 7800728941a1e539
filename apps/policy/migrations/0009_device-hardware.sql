-- Up Migration
-- The computer that a key belongs to, by its firmware; null: it has none that can be told, or an older agent. And the last other
-- computer that proved the key: told once for each.
alter table device
  add column hardware text,
  add column other_hardware text;
