-- Up Migration
-- Kept of a newer neighbour before this release knew them: they wait to be put to use, as all that waits. From now on what
-- comes of a kind that a release does not know waits by itself.
insert into replica_problem (kind, key, code, message)
select kind, key, 'hierarchy.unknown-kind', 'it came before this release, and was kept'
from replica where kind in ('BoundaryGroup', 'ClientSettings', 'DistributionPointGroup')
on conflict (kind, key) do nothing;
