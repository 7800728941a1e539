-- Up Migration
-- Computers that enrol with the token and of which the site has no record get what is deployed to unknown computers.
alter table enrolment_token add column unknown_computers boolean not null default false;
