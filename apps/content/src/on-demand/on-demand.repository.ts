import type { Digest } from '@muster/contracts/digest.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { Queryable } from '@muster/persistence/database.js';

/** Content that comes to points when somebody asks for it there. */
export interface DemandedContent extends ContentReference {
  readonly uid: string;
  readonly version: number;
}

/** A point at which content is asked for. */
export interface DemandingPoint {
  readonly name: string;
  /** The version that is asked for, or a newer one, is there or on its way. */
  readonly isServed: boolean;
}

/** What is asked for, and where it would go. */
export class OnDemandRepository {
  /** The content that comes on demand and has a list of files as one of its versions. */
  async findContent(database: Queryable, manifest: Digest): Promise<DemandedContent | undefined> {
    const [row] = await database.query<DemandedContent & object>(
      `select o.uid, o.kind, o.name, v.version
       from package_version v
       join content_owner o on o.uid = v.package_uid
       join content_behaviour behaviour on behaviour.uid = o.uid
       where v.manifest = $1 and v.state = 'available' and behaviour.on_demand
       order by o.kind, o.name, v.version desc limit 1`,
      [manifest],
    );
    return row;
  }

  /**
   * The points that take content for devices of some boundary groups; of those in none for devices of the default group; of all where
   * there are no boundary groups. Points to which it comes by hand are none of them.
   *
   * @param internet the devices are on the Internet: of these points, those that are for it
   */
  async findPoints(
    database: Queryable,
    { uid, version }: DemandedContent,
    { groups, internet }: { readonly groups: readonly string[]; readonly internet: boolean },
    limit: number,
  ): Promise<DemandingPoint[]> {
    return database.query<DemandingPoint & object>(
      `select point.name, exists (
         select 1 from distribution_job where point_uid = point.uid and package_uid = $1 and version >= $2) as "isServed"
       from distribution_point point
       where not coalesce((point.spec ->> 'maintenance')::boolean, false)
         and (not $4 or (point.spec ->> 'internet')::boolean)
         and not (coalesce((point.spec ->> 'prestaged')::boolean, false) and coalesce((
           select on_prestaged_points from content_behaviour where uid = $1), 'Automatic') <> 'Automatic')
         and (not exists (select 1 from boundary_group) or exists (
           select 1 from boundary_group g
           where g.spec -> 'points' ? point.name
             and (g.name = any($3::text[]) or cardinality($3::text[]) = 0 and (g.spec ->> 'isDefault')::boolean)))
       order by point.name limit $5`,
      [uid, version, groups, internet, limit],
    );
  }
}
