-- Up Migration
-- Of a deployment with a rollout: goes up when more devices may start it. Null: devices start it without a permit.
alter table deployment add column rollout_change bigint;

-- What the agent said at its last poll that it can do, sorted: what old agents cannot do they are not told to.
alter table device add column abilities text[] not null default '{}';
