import type { DistributionResults } from '@muster/contracts/kinds/distribution.js';
import type { Queryable } from '@muster/persistence/database.js';

/** Of points that do not exist so many are named. */
const MOST_NAMED = 20;
const LONGEST_PROBLEM = 300;

interface Counts {
  readonly content: string;
  readonly version: number | null;
  readonly points: number;
  readonly available: number;
  readonly failed: number;
  readonly problem: string | null;
}

/** How content stands at the points of this site, in sums. */
export class DistributionResultsRepository {
  /** Another one whenever the sums may be others: it costs a look at each Distribution, and not at each transfer. */
  async mark(database: Queryable): Promise<string> {
    const [row] = await database.query<{ mark: string }>(
      `select concat_ws('/', count(*), max(announced_at), (select max(updated_at) from distribution)) as mark
       from distribution_announcement`,
    );
    return row?.mark ?? '';
  }

  /** By `Package/hello`; only content that shall be at a point of this site. */
  async read(database: Queryable): Promise<Map<string, DistributionResults>> {
    const counts = await database.query<Counts & object>(
      `with wanted as (
         select distinct brought.owner_uid, target.point_uid
         from distribution_target target join distribution_content brought using (distribution_uid)
       ), newest as (
         select package_uid, max(version) as version from package_version where state = 'available' group by package_uid
       ), best as (
         select distinct on (package_uid, version, point_uid) package_uid, version, point_uid, state, last_error
         from distribution_job order by package_uid, version, point_uid, (state = 'available') desc, id
       )
       select owner.kind || '/' || owner.name as content, max(newest.version) as version, count(*)::int as points,
         (count(*) filter (where best.state = 'available'))::int as available,
         (count(*) filter (where best.state = 'failed'))::int as failed,
         left((array_agg(point.name || ': ' || best.last_error order by (best.state = 'failed') desc, point.name)
           filter (where best.last_error is not null and best.state <> 'available'))[1], ${LONGEST_PROBLEM}) as problem
       from wanted
       join content_owner owner on owner.uid = wanted.owner_uid
       join distribution_point point on point.uid = wanted.point_uid
       left join newest on newest.package_uid = wanted.owner_uid
       left join best on best.package_uid = wanted.owner_uid and best.point_uid = wanted.point_uid and best.version = newest.version
       group by owner.kind, owner.name`,
    );
    const unknown = await database.query<{ content: string; points: string[] }>(
      `select coalesce(spec ->> 'kind', 'Package') || '/' || (spec ->> 'package') as content,
         (array_agg(distinct named order by named))[:${MOST_NAMED}] as points
       from distribution cross join lateral jsonb_array_elements_text(spec -> 'points') as one (named)
       where position('/' in named) = 0 and not exists (select 1 from distribution_point where name = named)
       group by 1`,
    );
    const found = new Map<string, DistributionResults>();
    for (const { content, version, problem, ...sums } of counts) {
      found.set(content, {
        ...(version === null ? {} : { version }),
        ...sums,
        ...(problem === null ? {} : { problem }),
      });
    }
    const nothing: DistributionResults = { points: 0, available: 0, failed: 0 };
    for (const { content, points } of unknown)
      found.set(content, { ...(found.get(content) ?? nothing), unknownPoints: points });
    return found;
  }
}
