-- Up Migration
-- A device is pending until somebody approves it, and may be blocked without being deleted. Until now only deleting blocked.
alter table device drop constraint device_state_check;
update device set state = 'deleted' where state = 'blocked';
alter table device
  add constraint device_state_check check (state in ('pending', 'enrolled', 'blocked', 'deleted')),
  -- By which token it enrolled: asking again with the same token and key has the same answer.
  add column token_uid uuid;
create index device_token on device (token_uid, thumbprint);
update device set token_uid = enrolment_token.uid from enrolment_token where enrolment_token.device_uid = device.uid;

-- A token may enrol several computers, can be revoked, and says what becomes of them. used_at is the last time.
alter table enrolment_token
  add column max_uses int not null default 1,
  add column uses int not null default 0,
  add column approval text not null default 'automatic' check (approval in ('automatic', 'manual')),
  add column revoked_at timestamptz;
update enrolment_token set uses = 1 where used_at is not null;
create index enrolment_token_created_at on enrolment_token (created_at desc, uid desc);
