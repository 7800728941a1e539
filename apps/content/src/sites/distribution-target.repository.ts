import { contentKey, type ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { DistributionSpec } from '@muster/contracts/kinds/distribution.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import { UNKNOWN_KIND } from '@muster/replication/problem.repository.js';
import { DISTRIBUTION_TARGET, OF_GROUP, type SharedTarget } from './distribution-target.js';

/** The most urgent first, as `mostUrgent` has it: none is medium. */
const URGENCY = `case target.priority when 'high' then 0 when 'low' then 2 else 1 end`;

/** Where Distributions of this site send, beside what all sites want. */
export class DistributionTargetRepository {
  /** Of these targets those that are wanted. */
  async wanted(database: Queryable, keys: readonly string[]): Promise<Map<string, SharedTarget>> {
    const rows = await database.query<{ key: string; content: SharedTarget }>(
      `select key, content from replica where kind = $1 and key = any ($2::text[]) and content is not null`,
      [DISTRIBUTION_TARGET.kind, keys],
    );
    return new Map(rows.map(({ key, content }) => [key, content]));
  }

  /** Distributions of some content. */
  async distributionsOf(database: Queryable, { kind, name }: ContentReference): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select name from distribution
       where coalesce(spec ->> 'kind', 'Package') = $1 and spec ->> 'package' = $2 order by name`,
      [kind, name],
    );
    return rows.map((row) => row.name);
  }

  /** What other Distributions than one say of the same content. */
  async othersOf(tx: Transaction, { kind, name }: ContentReference, uid: string): Promise<DistributionSpec[]> {
    const rows = await tx.query<{ spec: DistributionSpec }>(
      `select spec from distribution
       where coalesce(spec ->> 'kind', 'Package') = $1 and spec ->> 'package' = $2 and uid <> $3`,
      [kind, name, uid],
    );
    return rows.map(({ spec }) => spec);
  }

  /** What is wanted at this site and no other site was told of: made before this was shared. */
  async unrecorded(
    database: Queryable,
    site: string,
    limit: number,
  ): Promise<{ key: string; content: SharedTarget }[]> {
    const rows = await database.query<{ key: string; priority: SharedTarget['priority'] | null }>(
      `select target.key, (array_agg(target.priority order by ${URGENCY}))[1] as priority from (
         select coalesce(spec ->> 'kind', 'Package') || '/' || (spec ->> 'package') || '/' || place as key,
           spec ->> 'priority' as priority
         from distribution cross join lateral (
           select case when position('/' in point) > 0 then point else $1 || '/' || point end
           from jsonb_array_elements_text(spec -> 'points') as one (point)
           union all select '${OF_GROUP}' || name from jsonb_array_elements_text(spec -> 'groups') as one (name)
         ) as of_it (place)
       ) as target
       where not exists (
         select 1 from replica where replica.kind = $2 and replica.key = target.key and not exists (
           select 1 from replica_problem as problem
           where problem.kind = replica.kind and problem.key = replica.key and problem.code = '${UNKNOWN_KIND}'))
       group by target.key order by target.key limit $3`,
      [site, DISTRIBUTION_TARGET.kind, limit],
    );
    return rows.map(({ key, priority }) => ({ key, content: priority === null ? {} : { priority } }));
  }

  /** What Distributions bring, as its sums are named. */
  async contentKeys(database: Queryable, distributionUids: readonly string[]): Promise<Map<string, string>> {
    const rows = await database.query<{ uid: string; kind: ContentReference['kind']; name: string }>(
      `select uid, coalesce(spec ->> 'kind', 'Package') as kind, spec ->> 'package' as name
       from distribution where uid = any ($1::uuid[])`,
      [distributionUids],
    );
    return new Map(rows.map(({ uid, kind, name }) => [uid, contentKey({ kind, name })]));
  }
}
