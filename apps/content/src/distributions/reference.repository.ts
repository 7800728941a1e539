import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

const MOST_NAMED = 5;

/** What a Distribution names, and who names what. */
export class ReferenceRepository {
  /**
   * What exists of what is named; with `lock`, none of it can be deleted, no group gets or loses points, and the content
   * gets no new version, before the transaction ends.
   */
  async find(
    database: Queryable | Transaction,
    content: ContentReference,
    points: readonly string[],
    groups: readonly string[],
    options: { lock: boolean },
  ): Promise<{ ownerUid: string | undefined; points: Set<string>; groups: Set<string> }> {
    const lock = (how: string) => (options.lock ? `for ${how}` : '');
    // Groups before content, the order in which the saving of a group takes them.
    const groupRows = await database.query<{ name: string }>(
      `select name from distribution_point_group where name = any($1::text[]) order by uid ${lock('share')}`,
      [groups],
    );
    const [found] = await database.query<{ uid: string }>(
      `select uid from content_owner where kind = $1 and name = $2 ${lock('key share')}`,
      [content.kind, content.name],
    );
    return {
      ownerUid: found?.uid,
      points: await this.findPoints(database, points, options),
      groups: new Set(groupRows.map(({ name }) => name)),
    };
  }

  /** Points that a Distribution names, whether there are such or not. */
  async findNamedPoints(database: Queryable, distribution: string): Promise<string[]> {
    const rows = await database.query<{ point: string }>(
      `select jsonb_array_elements_text(spec -> 'points') as point from distribution where name = $1`,
      [distribution],
    );
    return rows.map(({ point }) => point);
  }

  /** Names of the first Distributions of some content. */
  async findDistributionsOf(
    database: Queryable,
    { kind, name: content }: { readonly kind: string; readonly name: string },
    limit: number,
  ): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select name from distribution
       where coalesce(spec ->> 'kind', 'Package') = $1 and spec ->> 'package' = $2 order by name limit $3`,
      [kind, content, limit],
    );
    return rows.map(({ name }) => name);
  }

  /** The same of those that bring it to a point of this site. */
  async findDistributionsHere(database: Queryable, ownerUid: string, limit: number): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select name from distribution where uid in (
         select distribution_uid from distribution_content join distribution_target using (distribution_uid) where owner_uid = $1)
       order by name limit $2`,
      [ownerUid, limit],
    );
    return rows.map(({ name }) => name);
  }

  /** Of these names those of points that are there; with `lock`, none of them can be deleted before the transaction ends. */
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

  /** The first few things that name a point. */
  async findUsersOfPoint(database: Queryable, pointName: string): Promise<string[]> {
    const rows = await database.query<{ user: string }>(
      `select 'Distribution "' || name || '"' as "user" from distribution where spec -> 'points' ? $1
       union all select 'DistributionPointGroup "' || name || '"' from distribution_point_group where spec -> 'points' ? $1
       union all select 'DistributionPoint "' || name || '"' from distribution_point
         where spec -> 'pullFrom' @> jsonb_build_array(jsonb_build_object('point', $1::text))
       union all select 'BoundaryGroup "' || name || '"' from boundary_group where spec -> 'points' ? $1
       order by 1 limit ${MOST_NAMED}`,
      [pointName],
    );
    return rows.map(({ user }) => user);
  }
}
