import type { Queryable, Transaction } from '@muster/persistence/database.js';

const COLUMNS = 'package_uid, version, manifest, files, bytes, author, created_at, source';

/** Single versions that go, and what stays of them: that they were there, and who deleted them. */
export class DeletedVersionRepository {
  /** Names of the points that have the version, or are to get it. */
  async findPoints(database: Queryable, ownerUid: string, version: number): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select name from distribution_point where uid in (
         select point_uid from distribution_job where package_uid = $1 and version = $2) order by name`,
      [ownerUid, version],
    );
    return rows.map(({ name }) => name);
  }

  /** The number of the newest complete version. */
  async findNewest(database: Queryable, ownerUid: string): Promise<number | undefined> {
    const [row] = await database.query<{ newest: number | null }>(
      `select max(version) as newest from package_version where package_uid = $1 and state = 'available'`,
      [ownerUid],
    );
    return row?.newest ?? undefined;
  }

  /** The version and all of its transfers go. What only they needed goes from points and from the library after its grace period. */
  async remove(tx: Transaction, ownerUid: string, version: number, actor: string): Promise<void> {
    await tx.query(
      `insert into deleted_version (${COLUMNS}, deleted_by)
       select ${COLUMNS}, $3 from package_version where package_uid = $1 and version = $2
       on conflict (package_uid, version) do nothing`,
      [ownerUid, version, actor],
    );
    await tx.query(
      `with gone as (delete from distribution_job where package_uid = $1 and version = $2 returning distribution_uid)
       update distribution_announcement set wanted = true where distribution_uid in (select distribution_uid from gone)`,
      [ownerUid, version],
    );
    await tx.query('delete from package_version where package_uid = $1 and version = $2', [ownerUid, version]);
  }
}
