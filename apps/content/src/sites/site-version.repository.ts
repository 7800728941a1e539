import type { Digest } from '@muster/contracts/digest.js';
import { contentKey, type ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import { CONTENT_VERSION, type SharedVersion, type VersionName } from './content-version.js';

/** A version that has a number here already. */
export interface NumberedVersion {
  readonly state: 'uploading' | 'available';
  readonly manifest: Digest;
  /** Null: this site. */
  readonly source: string | null;
}

/** Versions of several sites in one list. */
export class SiteVersionRepository {
  async find(tx: Transaction, ownerUid: string, version: number): Promise<NumberedVersion | undefined> {
    const [row] = await tx.query<NumberedVersion & object>(
      'select state, manifest, source from package_version where package_uid = $1 and version = $2',
      [ownerUid, version],
    );
    return row;
  }

  async hasManifest(database: Queryable, manifest: Digest): Promise<boolean> {
    const rows = await database.query('select 1 from manifest where digest = $1', [manifest]);
    return rows.length > 0;
  }

  async addManifest(database: Queryable, manifest: Digest, document: string): Promise<void> {
    await database.query('insert into manifest (digest, document) values ($1, $2) on conflict do nothing', [
      manifest,
      document,
    ]);
  }

  /** @param source null: this site, of which another one remembered it */
  async add(
    tx: Transaction,
    ownerUid: string,
    version: number,
    { manifest, files, bytes, createdAt }: SharedVersion,
    source: string | null,
    author: string,
  ): Promise<void> {
    await tx.query(
      `insert into package_version (package_uid, version, state, manifest, files, bytes, author, created_at, source, in_library)
       values ($1, $2, 'available', $3, $4, $5, $6, $7, $8, false)`,
      [ownerUid, version, manifest, files, bytes, author, createdAt, source],
    );
  }

  /** Gives a version the next number, its transfers with it. */
  async renumber(tx: Transaction, ownerUid: string, version: number): Promise<number> {
    const [row] = await tx.query<{ version: number }>(
      `update package_version set version = 1 + greatest(
         (select max(version) from package_version where package_uid = $1),
         (select max(version) from deleted_version where package_uid = $1))
       where package_uid = $1 and version = $2 returning version`,
      [ownerUid, version],
    );
    if (!row) throw new Error(`there is no version ${version} to renumber`);
    return row.version;
  }

  /** Whether a point has a version, or is to get it and can: its bytes are here. */
  async isDistributed(tx: Transaction, ownerUid: string, version: number): Promise<boolean> {
    const rows = await tx.query(
      `select 1 from distribution_job job
       join package_version v on v.package_uid = job.package_uid and v.version = job.version
       where v.package_uid = $1 and v.version = $2 and (job.state = 'available' or v.in_library) limit 1`,
      [ownerUid, version],
    );
    return rows.length > 0;
  }

  async remove(tx: Transaction, ownerUid: string, version: number): Promise<void> {
    await tx.query('delete from distribution_job where package_uid = $1 and version = $2', [ownerUid, version]);
    await tx.query('delete from package_version where package_uid = $1 and version = $2', [ownerUid, version]);
  }

  /** Every byte of a version is in the library. */
  async markInLibrary(database: Queryable, ownerUid: string, version: number): Promise<void> {
    await database.query(
      'update package_version set in_library = true where package_uid = $1 and version = $2 and not in_library',
      [ownerUid, version],
    );
  }

  /** Keys of the records of the versions of some content that are not deleted. */
  async recordedKeys(tx: Transaction, content: ContentReference): Promise<string[]> {
    // "0" comes after "/".
    const rows = await tx.query<{ key: string }>(
      `select key from replica
       where kind = $1 and key > $2 || '/' and key < $2 || '0' and content is not null`,
      [CONTENT_VERSION.kind, contentKey(content)],
    );
    return rows.map(({ key }) => key);
  }

  /**
   * Keys of records of this site's versions that are no versions any more: their content was deleted elsewhere before that site
   * knew of them, or their number is another site's now. Where a record is merely not put to use yet, it is none of these.
   */
  async recordedAndGone(tx: Transaction, here: string, limit: number): Promise<string[]> {
    const rows = await tx.query<{ key: string }>(
      `select version.key from replica version
       left join replica owner
         on owner.kind = split_part(version.key, '/', 1) and owner.key = split_part(version.key, '/', 2)
       where version.kind = $1 and version.content is not null and split_part(version.key, '/', 4) = $2
         and (owner.stamp is not null and owner.content is null or exists (
           select 1 from content_owner o join package_version v on v.package_uid = o.uid
           where o.kind = split_part(version.key, '/', 1) and o.name = split_part(version.key, '/', 2)
             and v.version = split_part(version.key, '/', 3)::int and v.source is not null))
       order by version.key limit $3`,
      [CONTENT_VERSION.kind, here, limit],
    );
    return rows.map(({ key }) => key);
  }

  /** Versions of this site of which no record was made. */
  async unrecorded(
    tx: Transaction,
    here: string,
    limit: number,
  ): Promise<{ name: VersionName; document: SharedVersion }[]> {
    const rows = await tx.query<
      ContentReference & { version: number; manifest: Digest; files: number; bytes: number; created_at: Date }
    >(
      `select o.kind, o.name, v.version, v.manifest, v.files, v.bytes, v.created_at
       from package_version v join content_owner o on o.uid = v.package_uid
       where v.state = 'available' and v.source is null and not exists (
         select 1 from replica where replica.kind = $1 and key = concat_ws('/', o.kind, o.name, v.version, $2::text))
       order by o.kind, o.name, v.version limit $3 for update of v`,
      [CONTENT_VERSION.kind, here, limit],
    );
    return rows.map(({ kind, name, version, manifest, files, bytes, created_at }) => ({
      name: { content: { kind, name }, version, source: here },
      document: { manifest, files, bytes, createdAt: created_at.toISOString() },
    }));
  }
}
