-- Up Migration
-- The processes of the policy service, and when each last said that the connections which it holds are open. It says so for all of them
-- together: a device that stays connected costs no write.
create table policy_process (uid uuid primary key, alive_at timestamptz not null);

-- Which of them holds the connection of a device, and since when the device has been online without a break.
alter table device_seen add column process_uid uuid, add column online_since timestamptz;
