import type { BoundaryGroupSpec, BoundaryGroupStatus } from '@muster/contracts/kinds/boundary-group.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** The boundary groups, and what they name. */
export class BoundaryRepository {
  async findAll(database: Queryable): Promise<{ name: string; spec: BoundaryGroupSpec }[]> {
    return database.query<{ name: string; spec: BoundaryGroupSpec }>(
      'select name, spec from boundary_group order by name',
    );
  }

  /** One at a time decides which group is the default; held until the transaction ends. */
  async lockDefault(tx: Transaction): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended(current_schema() || '.default-boundary-group', 0))`);
  }

  /** The name of the default group, if there is one. */
  async findDefault(database: Queryable): Promise<string | undefined> {
    const [row] = await database.query<{ name: string }>(
      `select name from boundary_group where (spec ->> 'isDefault')::boolean`,
    );
    return row?.name;
  }

  async findStatuses(database: Queryable, uids: readonly string[]): Promise<Map<string, BoundaryGroupStatus>> {
    const rows = await database.query<{ uid: string; points: number; unknown: string[] }>(
      `select g.uid, (
         select count(*) from distribution_point point
         where g.spec -> 'points' ? point.name and not coalesce((point.spec ->> 'maintenance')::boolean, false)
       ) as points, array(
         select distinct named ->> 'group' from jsonb_array_elements(g.spec -> 'neighbours') as named
         where not exists (select 1 from boundary_group where name = named ->> 'group') order by 1
       ) as unknown
       from boundary_group g where g.uid = any($1::uuid[])`,
      [uids],
    );
    return new Map(
      rows.map(({ uid, points, unknown }) => [
        uid,
        { points, ...(unknown.length > 0 ? { unknownNeighbours: unknown } : {}) },
      ]),
    );
  }
}
