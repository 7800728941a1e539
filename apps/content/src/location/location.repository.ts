import { NO_FILES_DIGEST } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import { contentKey, type ContentKind, type ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { DistributionPointSpec } from '@muster/contracts/kinds/distribution-point.js';
import type { Program } from '@muster/contracts/kinds/package.js';
import type { MeantFor } from '@muster/contracts/agent/meant-for.js';
import type { ResolvedContent } from '@muster/contracts/requests/resolve-content.js';
import type { Queryable } from '@muster/persistence/database.js';

/** A point that has what is looked for. */
export interface LocatedPoint {
  uid: string;
  name: string;
  spec: DistributionPointSpec;
}

/** What content is; only packages have programs. */
export type ResolvedContentOfKind = ResolvedContent & { kind: ContentKind };

/** What is read of the documents of content, whichever kind they are of. */
interface DescribedSpec extends MeantFor {
  readonly programs?: Record<string, Program>;
  readonly noFiles?: boolean;
}

const WITHOUT_FILES = { version: 1, manifest: NO_FILES_DIGEST, bytes: 0 };

/** What can be downloaded, and where. */
export class LocationRepository {
  /**
   * Each reference once, in the order asked, with the newest version that some point serves; of content that comes on demand and is nowhere
   * yet, the newest one there is. One query, whatever the number.
   */
  async resolve(database: Queryable, references: readonly ContentReference[]): Promise<ResolvedContentOfKind[]> {
    const once = [...new Map(references.map((reference) => [contentKey(reference), reference])).values()];
    const rows = await database.query<{
      kind: ContentKind;
      name: string;
      uid: string | null;
      spec: DescribedSpec | null;
      version: number | null;
      manifest: Digest;
      bytes: number;
    }>(
      `select wanted.kind, wanted.name, o.uid, coalesce(p.spec, i.spec, u.spec, d.spec) as spec, served.version,
         served.manifest, served.bytes
       from unnest($1::text[], $2::text[]) with ordinality as wanted (kind, name, nth)
       left join content_owner o on o.kind = wanted.kind and o.name = wanted.name
       left join package p on p.uid = o.uid
       left join os_image i on i.uid = o.uid
       left join upgrade_package u on u.uid = o.uid
       left join driver_package d on d.uid = o.uid
       left join lateral (
         select version, manifest, bytes from distribution_job
         where package_uid = o.uid and state = 'available' order by version desc limit 1
       ) as distributed on true
       left join lateral (
         select version, manifest, bytes from package_version
         where package_uid = o.uid and state = 'available' and distributed.version is null
           and (select on_demand from content_behaviour where uid = o.uid)
         order by version desc limit 1
       ) as kept on true
       cross join lateral (
         select coalesce(distributed.version, kept.version) as version, coalesce(distributed.manifest, kept.manifest) as manifest,
           coalesce(distributed.bytes, kept.bytes) as bytes
       ) as served
       order by wanted.nth`,
      [once.map(({ kind }) => kind), once.map(({ name }) => name)],
    );
    return rows.map(({ kind, name, uid, spec, version, manifest, bytes }) => ({
      kind,
      name,
      exists: uid !== null,
      programs: spec?.programs ?? {},
      distributed: spec?.noFiles ? WITHOUT_FILES : version === null ? null : { version, manifest, bytes },
      ...meantForOf(spec),
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

  /** The points that have each of these manifests with all its blobs. One query, whatever the number. */
  async findPointsOfEach(
    database: Queryable,
    manifests: readonly Digest[],
  ): Promise<(LocatedPoint & { manifest: Digest })[]> {
    return database.query<LocatedPoint & { manifest: Digest }>(
      `select distinct j.manifest, p.uid, p.name, p.spec
       from distribution_job j join distribution_point p on p.uid = j.point_uid
       where j.manifest = any($1::text[]) and j.state = 'available' order by p.name`,
      [manifests],
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

function meantForOf(spec: DescribedSpec | null): { meantFor?: MeantFor } {
  const { architecture, language, models } = spec ?? {};
  const meantFor = {
    ...(architecture && { architecture }),
    ...(language && { language }),
    ...(models?.length && { models }),
  };
  return Object.keys(meantFor).length === 0 ? {} : { meantFor };
}
