import type { Queryable, Transaction } from '@muster/persistence/database.js';

const MOST_NAMED = 5;

/** What a Distribution names, and who names what. */
export class ReferenceRepository {
  /**
   * What exists of what is named; with `lock`, none of it can be deleted, no group gets or loses points, and the package
   * gets no new version, before the transaction ends.
   */
  async find(
    database: Queryable | Transaction,
    packageName: string,
    points: readonly string[],
    groups: readonly string[],
    options: { lock: boolean },
  ): Promise<{ packageUid: string | undefined; points: Set<string>; groups: Set<string> }> {
    const lock = (how: string) => (options.lock ? `for ${how}` : '');
    // Groups before packages, the order in which the saving of a group takes them.
    const groupRows = await database.query<{ name: string }>(
      `select name from distribution_point_group where name = any($1::text[]) order by uid ${lock('share')}`,
      [groups],
    );
    const [found] = await database.query<{ uid: string }>(
      `select uid from package where name = $1 ${lock('key share')}`,
      [packageName],
    );
    const pointRows = await database.query<{ name: string }>(
      `select name from distribution_point where name = any($1::text[]) order by uid ${lock('key share')}`,
      [points],
    );
    return {
      packageUid: found?.uid,
      points: new Set(pointRows.map(({ name }) => name)),
      groups: new Set(groupRows.map(({ name }) => name)),
    };
  }

  /** Names of the first few Distributions of a package. */
  async findDistributionsOfPackage(database: Queryable, packageName: string): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select name from distribution where spec ->> 'package' = $1 order by name limit ${MOST_NAMED}`,
      [packageName],
    );
    return rows.map(({ name }) => name);
  }

  /** The first few things that name a point. */
  async findUsersOfPoint(database: Queryable, pointName: string): Promise<string[]> {
    const rows = await database.query<{ user: string }>(
      `select 'Distribution "' || name || '"' as "user" from distribution where spec -> 'points' ? $1
       union all select 'DistributionPointGroup "' || name || '"' from distribution_point_group where spec -> 'points' ? $1
       union all select 'BoundaryGroup "' || name || '"' from boundary_group where spec -> 'points' ? $1
       order by 1 limit ${MOST_NAMED}`,
      [pointName],
    );
    return rows.map(({ user }) => user);
  }
}
