import type { Digest } from '@muster/contracts/digest.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { DistributionPointSpec } from '@muster/contracts/kinds/distribution-point.js';
import type { Queryable } from '@muster/persistence/database.js';

/** Content that comes to points when somebody asks for it there. */
export interface DemandedContent extends ContentReference {
  readonly uid: string;
  readonly version: number;
  /** It is what Distributions bring. */
  readonly isNewest: boolean;
}

/** A point to which it may come. */
export interface DemandingPoint {
  readonly name: string;
  readonly spec: DistributionPointSpec;
  /** The version that is asked for, or a newer one, is there or on its way. */
  readonly isServed: boolean;
  /** That very version is there or on its way. */
  readonly isComing: boolean;
}

/** What is asked for, and where it would go. */
export class OnDemandRepository {
  /** The content that comes on demand and has a list of files as one of its versions. */
  async findContent(database: Queryable, manifest: Digest): Promise<DemandedContent | undefined> {
    const [row] = await database.query<DemandedContent & object>(
      `select o.uid, o.kind, o.name, v.version, not exists (
         select 1 from package_version newer
         where newer.package_uid = v.package_uid and newer.state = 'available' and newer.version > v.version) as "isNewest"
       from package_version v
       join content_owner o on o.uid = v.package_uid
       join content_behaviour behaviour on behaviour.uid = o.uid
       where v.manifest = $1 and v.state = 'available' and behaviour.on_demand
       order by o.kind, o.name, v.version desc limit 1`,
      [manifest],
    );
    return row;
  }

  /** All points but those to which it comes by hand. */
  async findPoints(
    database: Queryable,
    { uid, version }: DemandedContent,
    manifest: Digest,
  ): Promise<DemandingPoint[]> {
    return database.query<DemandingPoint & object>(
      `select point.name, point.spec, coalesce(there.served, false) as "isServed", coalesce(there.coming, false) as "isComing"
       from distribution_point point
       left join (
         select point_uid, bool_or(version >= $2) as served, bool_or(manifest = $3 and state <> 'failed') as coming
         from distribution_job where package_uid = $1 group by point_uid
       ) as there on there.point_uid = point.uid
       where not (coalesce((point.spec ->> 'prestaged')::boolean, false) and coalesce((
         select on_prestaged_points from content_behaviour where uid = $1), 'Automatic') <> 'Automatic')
       order by point.name`,
      [uid, version, manifest],
    );
  }
}
