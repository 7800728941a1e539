-- Up Migration
-- At a site below another one: how many devices may have started a deployment here, as the site above dealt it. By the deployment's name, as
-- it may come before the deployment does.
create table rollout_share (
  deployment text primary key,
  -- Names what was told; reported back, it says that this is what the site keeps to.
  told text not null,
  most int not null,
  -- Why nobody starts anywhere; null: they may.
  held text
);
