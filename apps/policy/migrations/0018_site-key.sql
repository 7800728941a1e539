-- Up Migration
-- Thumbprint of the key by which the site signs, for its audit; null: nobody has looked yet.
alter table policy_serial add column signing_key text;
