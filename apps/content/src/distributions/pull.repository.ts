import type { Digest } from '@muster/contracts/digest.js';
import type { Queryable } from '@muster/persistence/database.js';
import type { PulledPoint } from './pull-source.js';

/** Points that get content from other points. */
export class PullRepository {
  /**
   * The points from which another one may pull a version, in the order in which they are asked: by their priority, and by chance among
   * equals. Points that are in maintenance hand out nothing.
   */
  async findSources(database: Queryable, pointUid: string, manifest: Digest): Promise<PulledPoint[]> {
    const rows = await database.query<Omit<PulledPoint, 'good'> & { good: Digest[] }>(
      `select source.uid, source.name, source.spec, array(
         select copy.digest from manifest_blob blob
         join point_blob copy on copy.point_uid = source.uid and copy.digest = blob.digest and copy.kind = 'blob'
         where blob.manifest = $2 and copy.problem is null and copy.removing_at is null) as good
       from distribution_point puller
       cross join lateral jsonb_to_recordset(puller.spec -> 'pullFrom') as named (point text, priority int)
       join distribution_point source on source.name = named.point
       where puller.uid = $1 and not coalesce((source.spec ->> 'maintenance')::boolean, false) and exists (
         select 1 from distribution_job
         where point_uid = source.uid and manifest = $2 and state = 'available')
       order by coalesce(named.priority, 1), random()`,
      [pointUid, manifest],
    );
    return rows.map(({ good, ...point }) => ({ ...point, good: new Set(good) }));
  }

  /** A transfer that waits for a point to have its version looks at once, if one has it by now. Returns whether one has. */
  async wakeIfThere(database: Queryable, jobId: number): Promise<boolean> {
    const rows = await database.query(
      `update distribution_job waiting set next_attempt_at = now()
       from distribution_point puller
       where waiting.id = $1 and waiting.state = 'retrying' and puller.uid = waiting.point_uid and exists (
         select 1 from jsonb_to_recordset(puller.spec -> 'pullFrom') as named (point text)
         join distribution_point source on source.name = named.point
         join distribution_job there on there.point_uid = source.uid
         where not coalesce((source.spec ->> 'maintenance')::boolean, false)
           and there.manifest = waiting.manifest and there.state = 'available')
       returning 1`,
      [jobId],
    );
    return rows.length > 0;
  }

  /** Transfers that may wait for a point to have a version look at once. Returns whether there were any. */
  async wakePullers(database: Queryable, pointName: string, manifest: Digest): Promise<boolean> {
    const rows = await database.query(
      `update distribution_job waiting set next_attempt_at = now()
       from distribution_point puller
       where puller.spec -> 'pullFrom' @> jsonb_build_array(jsonb_build_object('point', $1::text))
         and waiting.point_uid = puller.uid and waiting.manifest = $2 and waiting.state = 'retrying'
       returning 1`,
      [pointName, manifest],
    );
    return rows.length > 0;
  }
}
