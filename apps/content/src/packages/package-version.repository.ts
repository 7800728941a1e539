import type { Digest } from '@muster/contracts/digest.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { PackageStatus, PackageVersion } from '@muster/contracts/kinds/package.js';
import type { PackageVersionList } from '@muster/contracts/kinds/package-versions.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { ManifestDocument } from './manifest-document.js';
import type { KnownVersion } from './version-decision.js';

const VERSIONS_IN_STATUS = 20;

interface VersionRow {
  version: number;
  state: 'uploading' | 'available';
  manifest: Digest;
  files: number;
  bytes: number;
  created_at: Date;
  source: string | null;
}

interface ListedRow extends Omit<VersionRow, 'state'> {
  state: PackageVersionList['items'][number]['state'];
  author: string;
  deleted_at: Date | null;
  deleted_by: string | null;
}

const COLUMNS = 'version, state, manifest, files, bytes, created_at, source';

/** The versions of content of any kind, and their manifests. What they call a package is the row of `content_owner`. */
export class PackageVersionRepository {
  /** Until the transaction ends the content gets no new version, and no Distribution begins to bring it. */
  async lockOwner(tx: Transaction, uid: string): Promise<void> {
    await tx.query('select 1 from content_owner where uid = $1 for update', [uid]);
  }

  /** What deciding the number of a manifest needs: the newest version, the newest available and deleted ones, and those of this manifest. */
  async findForDecision(tx: Transaction, packageUid: string, manifest: Digest): Promise<KnownVersion[]> {
    return tx.query<KnownVersion & object>(
      `select version, state, manifest from package_version
       where package_uid = $1 and (manifest = $2
         or version = (select max(version) from package_version where package_uid = $1)
         or version = (select max(version) from package_version where package_uid = $1 and state = 'available'))
       union all (select version, 'deleted', manifest from deleted_version
         where package_uid = $1 order by version desc limit 1)`,
      [packageUid, manifest],
    );
  }

  /** Whether an upload for the package began in the last days and did not come to its end. */
  async hasUnfinishedUpload(tx: Transaction, packageUid: string): Promise<boolean> {
    const rows = await tx.query(
      `select 1 from package_version
       where package_uid = $1 and state = 'uploading' and created_at > now() - interval '3 days' limit 1`,
      [packageUid],
    );
    return rows.length > 0;
  }

  async add(
    tx: Transaction,
    packageUid: string,
    version: number,
    manifest: ManifestDocument,
    author: string,
  ): Promise<void> {
    await tx.query('insert into manifest (digest, document) values ($1, $2) on conflict do nothing', [
      manifest.digest,
      manifest.document,
    ]);
    await tx.query(
      `insert into package_version (package_uid, version, state, manifest, files, bytes, author)
       values ($1, $2, 'uploading', $3, $4, $5, $6)`,
      [packageUid, version, manifest.digest, manifest.files, manifest.bytes, author],
    );
  }

  /**
   * Versions of some content, those that were deleted too, newest first, below a number where one is given. Undefined when there is no such content.
   */
  async findPage(
    database: Queryable,
    { kind, name }: ContentReference,
    below: number | undefined,
    most: number,
  ): Promise<PackageVersionList['items'] | undefined> {
    const rows = await database.query<ListedRow | { version: null }>(
      `select v.* from content_owner p left join (
         select package_uid, ${COLUMNS}, author, null as deleted_at, null as deleted_by from package_version
         union all
         select package_uid, version, 'deleted', manifest, files, bytes, created_at, source, author, deleted_at, deleted_by
         from deleted_version
       ) as v on v.package_uid = p.uid and v.version < $2
       where p.name = $1 and p.kind = $4 order by v.version desc limit $3`,
      [name, below ?? 2_147_483_647, most, kind],
    );
    if (rows.length === 0) return undefined;
    return rows.flatMap((row) => (row.version === null ? [] : [toListed(row)]));
  }

  /** The canonical JSON of the manifest of the newest version that is available. */
  async findNewestDocument(database: Queryable, packageUid: string): Promise<string | undefined> {
    const [row] = await database.query<{ document: string }>(
      `select m.document from package_version v join manifest m on m.digest = v.manifest
       where v.package_uid = $1 and v.state = 'available' order by v.version desc limit 1`,
      [packageUid],
    );
    return row?.document;
  }

  /** A version by the content's name, with the canonical JSON of its manifest. */
  async find(
    database: Queryable,
    { kind, name }: ContentReference,
    version: number,
  ): Promise<{ packageUid: string; version: PackageVersion; document: string } | undefined> {
    const [row] = await database.query<VersionRow & { package_uid: string; document: string }>(
      `select v.package_uid, v.version, v.state, v.manifest, v.files, v.bytes, v.created_at, v.source, m.document
       from package_version v join content_owner p on p.uid = v.package_uid join manifest m on m.digest = v.manifest
       where p.name = $1 and v.version = $2 and p.kind = $3`,
      [name, version, kind],
    );
    return row && { packageUid: row.package_uid, version: toVersion(row), document: row.document };
  }

  /** Makes a version available. Returns whether it was not before. */
  async markAvailable(tx: Transaction, packageUid: string, version: number): Promise<boolean> {
    const rows = await tx.query(
      `update package_version set state = 'available'
       where package_uid = $1 and version = $2 and state = 'uploading' returning version`,
      [packageUid, version],
    );
    return rows.length > 0;
  }

  /** The status of each package, derived from its versions. */
  async findStatuses(database: Queryable, packageUids: readonly string[]): Promise<Map<string, PackageStatus>> {
    const rows = await database.query<VersionRow & { package_uid: string; newest: number | null }>(
      `select p.uid as package_uid, v.version, v.state, v.manifest, v.files, v.bytes, v.created_at, v.source,
         (select max(version) from package_version where package_uid = p.uid and state = 'available') as newest
       from unnest($1::uuid[]) as p (uid)
       join lateral (
         select ${COLUMNS} from package_version where package_uid = p.uid order by version desc limit ${VERSIONS_IN_STATUS}
       ) as v on true
       order by p.uid, v.version desc`,
      [packageUids],
    );
    const statuses = new Map<string, PackageStatus>(packageUids.map((uid) => [uid, { versions: [] }]));
    for (const row of rows) {
      const status = statuses.get(row.package_uid)!;
      status.versions.push(toVersion(row));
      if (row.newest !== null) status.newestVersion = row.newest;
    }
    return statuses;
  }

  /** The canonical JSON of a manifest. */
  async findManifest(database: Queryable, digest: Digest): Promise<string | undefined> {
    const [row] = await database.query<{ document: string }>('select document from manifest where digest = $1', [
      digest,
    ]);
    return row?.document;
  }
}

function toListed({ author, deleted_at: at, deleted_by: by, ...row }: ListedRow): PackageVersionList['items'][number] {
  const deleted = at && by !== null ? { deletedAt: at.toISOString(), deletedBy: by } : {};
  return { ...toVersion(row), author, ...deleted };
}

function toVersion<State>(row: Omit<VersionRow, 'state'> & { state: State }) {
  const { version, state, manifest, files, bytes, source } = row;
  const createdAt = row.created_at.toISOString();
  return { version, state, manifest, files, bytes, createdAt, ...(source === null ? {} : { source }) };
}
