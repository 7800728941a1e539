-- Up Migration
-- Values of hidden variables, sealed to the policy service: nobody here can open them. The documents of devices and
-- collections only say that there is one. No foreign key: an owner is a device or a collection, and both delete theirs.
create table sealed_variable (
  owner_uid uuid not null,
  -- In lower case: names are the same in any case.
  name_key text not null,
  sealed text not null,
  primary key (owner_uid, name_key)
);
