import type { Queryable, Transaction } from '@muster/persistence/database.js';

const MOST_NAMED = 5;

/** What a Distribution names, and who names what. */
export class ReferenceRepository {
  /** The uids of what exists; with `lock`, none of it can be deleted, and the package gets no new version, before the transaction ends. */
  async find(
    database: Queryable | Transaction,
    packageName: string,
    points: readonly string[],
    options: { lock: boolean },
  ): Promise<{ packageUid: string | undefined; pointUids: Map<string, string> }> {
    const lock = options.lock ? 'for key share' : '';
    const [found] = await database.query<{ uid: string }>(`select uid from package where name = $1 ${lock}`, [
      packageName,
    ]);
    const rows = await database.query<{ uid: string; name: string }>(
      `select uid, name from distribution_point where name = any($1::text[]) order by uid ${lock}`,
      [points],
    );
    return { packageUid: found?.uid, pointUids: new Map(rows.map(({ name, uid }) => [name, uid])) };
  }

  /** Names of the first few Distributions of a package. */
  async findDistributionsOfPackage(database: Queryable, packageName: string): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select name from distribution where spec ->> 'package' = $1 order by name limit ${MOST_NAMED}`,
      [packageName],
    );
    return rows.map(({ name }) => name);
  }

  /** Names of the first few Distributions to a point. */
  async findDistributionsOfPoint(database: Queryable, pointName: string): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select name from distribution where spec -> 'points' ? $1 order by name limit ${MOST_NAMED}`,
      [pointName],
    );
    return rows.map(({ name }) => name);
  }
}
