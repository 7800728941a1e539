-- Up Migration
-- What content of every kind says of how it comes to points.
create view content_behaviour as
select uid, spec ->> 'onPrestagedPoints' as on_prestaged_points, coalesce((spec ->> 'onDemand')::boolean, false) as on_demand from package
union all select uid, spec ->> 'onPrestagedPoints', coalesce((spec ->> 'onDemand')::boolean, false) from os_image
union all select uid, spec ->> 'onPrestagedPoints', coalesce((spec ->> 'onDemand')::boolean, false) from upgrade_package
union all select uid, spec ->> 'onPrestagedPoints', coalesce((spec ->> 'onDemand')::boolean, false) from boot_image
union all select uid, spec ->> 'onPrestagedPoints', coalesce((spec ->> 'onDemand')::boolean, false) from driver_package;

-- Nobody carries it: it waits until somebody brought every blob to the point.
alter table distribution_job add column by_hand boolean not null default false;
