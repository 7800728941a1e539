import type { Queryable, Transaction } from '@muster/persistence/database.js';

const MOST_NAMED = 5;

/** Groups of points, and what is sent to them. */
export class GroupRepository {
  /** Of these points those that there are; with `lock` none of them can be deleted before the transaction ends. */
  async findPoints(
    database: Queryable | Transaction,
    names: readonly string[],
    options: { lock: boolean },
  ): Promise<Set<string>> {
    const rows = await database.query<{ name: string }>(
      `select name from distribution_point where name = any($1::text[]) order by uid ${options.lock ? 'for key share' : ''}`,
      [names],
    );
    return new Set(rows.map(({ name }) => name));
  }

  /** Of each object, the points of this site that it names and that do not exist. Another site may have named them. */
  async unknownPoints(
    database: Queryable,
    table: 'boundary_group' | 'distribution_point_group' | 'distribution',
    uids: readonly string[],
  ): Promise<Map<string, string[]>> {
    const rows = await database.query<{ uid: string; points: string[] }>(
      `select g.uid, array_agg(named order by named) as points
       from ${table} g cross join lateral jsonb_array_elements_text(g.spec -> 'points') as one (named)
       where g.uid = any($1::uuid[]) and position('/' in named) = 0
         and not exists (select 1 from distribution_point where name = named)
       group by g.uid`,
      [uids],
    );
    return new Map(rows.map(({ uid, points }) => [uid, points]));
  }

  /** Names of the first few Distributions to a group. */
  async findDistributions(database: Queryable, group: string): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select name from distribution where spec -> 'groups' ? $1 order by name limit ${MOST_NAMED}`,
      [group],
    );
    return rows.map(({ name }) => name);
  }

  async countDistributions(database: Queryable, groups: readonly string[]): Promise<Map<string, number>> {
    const rows = await database.query<{ name: string; distributions: number }>(
      `select named.name, count(*) as distributions from distribution d
       cross join lateral jsonb_array_elements_text(d.spec -> 'groups') as named (name)
       where named.name = any($1::text[]) group by named.name`,
      [groups],
    );
    return new Map(rows.map(({ name, distributions }) => [name, distributions]));
  }

  /** Nobody publishes a version of what goes to the group before the transaction ends: who joins gets the newest. */
  async lockContentOf(tx: Transaction, group: string): Promise<void> {
    await tx.query(
      `select 1 from content_owner where uid in (
         select owner_uid from distribution_content
         where distribution_uid in (select uid from distribution where spec -> 'groups' ? $1))
       order by uid for key share`,
      [group],
    );
  }
}
