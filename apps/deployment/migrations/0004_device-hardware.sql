-- Up Migration
-- By which hardware each device is known: ids as `smbios:…` and `mac:…`. `named`: its document says so, and one document
-- only may say it of each; else the computer told it of itself.
create table device_hardware (
  hardware text not null,
  device_uid uuid not null references device (uid) on update cascade on delete cascade,
  named boolean not null,
  primary key (hardware, device_uid, named)
);
create unique index device_hardware_named on device_hardware (hardware) where named;
create index device_hardware_device on device_hardware (device_uid);
