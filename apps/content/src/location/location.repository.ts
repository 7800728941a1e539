import type { Digest } from '@muster/contracts/digest.js';
import type { DistributionPointSpec } from '@muster/contracts/kinds/distribution-point.js';
import type { Program } from '@muster/contracts/kinds/package.js';
import type { ResolvedContent } from '@muster/contracts/requests/resolve-content.js';
import type { Queryable } from '@muster/persistence/database.js';

/** A point that has what is looked for. */
export interface LocatedPoint {
  uid: string;
  name: string;
  spec: DistributionPointSpec;
}

/** What can be downloaded, and where. */
export class LocationRepository {
  /** Each name once, in the order asked, with the newest version that some point serves. One query, whatever the number. */
  async resolve(database: Queryable, names: readonly string[]): Promise<ResolvedContent[]> {
    const rows = await database.query<{
      name: string;
      uid: string | null;
      programs: Record<string, Program> | null;
      version: number | null;
      manifest: Digest;
      bytes: number;
    }>(
      `select wanted.name, p.uid, p.spec -> 'programs' as programs, served.version, served.manifest, served.bytes
       from unnest($1::text[]) with ordinality as wanted (name, nth)
       left join package p on p.name = wanted.name
       left join lateral (
         select version, manifest, bytes from distribution_job
         where package_uid = p.uid and state = 'available' order by version desc limit 1
       ) as served on true
       order by wanted.nth`,
      [[...new Set(names)]],
    );
    return rows.map(({ name, uid, programs, version, manifest, bytes }) => ({
      name,
      exists: uid !== null,
      programs: programs ?? {},
      distributed: version === null ? null : { version, manifest, bytes },
    }));
  }

  /** The points that have a manifest with all its blobs, in the order of their names. */
  async findPoints(database: Queryable, manifest: Digest): Promise<LocatedPoint[]> {
    return database.query<LocatedPoint & object>(
      `select uid, name, spec from distribution_point
       where uid in (select point_uid from distribution_job where manifest = $1 and state = 'available') order by name`,
      [manifest],
    );
  }

  /** Copies that are known to be wrong or gone, as `<point uid> <digest>`: nobody is sent there for them. */
  async findBadCopies(
    database: Queryable,
    pointUids: readonly string[],
    digests: readonly Digest[],
  ): Promise<Set<string>> {
    const rows = await database.query<{ copy: string }>(
      `select point_uid || ' ' || digest as copy from point_blob
       where kind = 'blob' and (problem is not null or removing_at is not null)
         and point_uid = any($1::uuid[]) and digest = any($2::text[])`,
      [pointUids, digests],
    );
    return new Set(rows.map(({ copy }) => copy));
  }
}
