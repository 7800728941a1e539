-- Up Migration
-- A key that a device has offered and not proved in a session yet, and the key that somebody wants replaced.
alter table device
  add column next_public_key jsonb,
  add column next_thumbprint text,
  add column rotation_asked_at timestamptz,
  add column rotate_thumbprint text;
