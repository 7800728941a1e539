import type { ContentFault } from '@muster/contracts/agent/content.js';
import type { DistributionCopies } from '@muster/contracts/kinds/distribution.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import { ASKED_FOR, URGENT } from './due.js';

/** The copies that a Distribution's available versions have at some of its points. */
const COPIES_OF = `select job.point_uid, copy.digest, copy.kind from distribution_job job
  join lateral (
    select digest, 'blob' as kind from manifest_blob where manifest = job.manifest
    union all select job.manifest, 'manifest'
  ) as copy on true
  where job.distribution_uid = $1 and job.state = 'available' and job.point_uid = any($2::uuid[])`;

/** What people and devices ask to be done about copies, and how copies stand. Every method is one statement over sets. */
export class ActionRepository {
  async findDistribution(database: Queryable, name: string): Promise<string | undefined> {
    const [row] = await database.query<{ uid: string }>('select uid from distribution where name = $1', [name]);
    return row?.uid;
  }

  /** The points of a Distribution: those that it names now, and those that still have what it sent. */
  async findPoints(database: Queryable, distributionUid: string): Promise<{ uid: string; name: string }[]> {
    return database.query<{ uid: string; name: string }>(
      `select uid, name from distribution_point where uid in (
         select point_uid from distribution_target where distribution_uid = $1
         union select point_uid from distribution_job where distribution_uid = $1) order by name`,
      [distributionUid],
    );
  }

  /** Copies are due at once. Returns how many that are. */
  async checkNow(
    tx: Transaction,
    distributionUid: string,
    pointUids: readonly string[],
    options: { rewrite: boolean },
  ): Promise<number> {
    // What is right is written again when the schedule of the point lets it.
    const due = options.rewrite ? 'now()' : ASKED_FOR;
    const rows = await tx.query(
      `insert into point_blob (point_uid, digest, kind, etag, check_due_at, rewrite)
       select distinct point_uid, digest, kind, '', ${due}, $3::boolean from (${COPIES_OF}) as copies
       on conflict (point_uid, digest, kind) do update set check_due_at = least(point_blob.check_due_at, ${due}),
         rewrite = point_blob.rewrite or excluded.rewrite
       returning 1`,
      [distributionUid, pointUids, options.rewrite],
    );
    return rows.length;
  }

  /** The library's copies of the same blobs are due too: the points are repaired from them. */
  async checkLibraryNow(tx: Transaction, distributionUid: string): Promise<void> {
    await tx.query(
      `update library_blob set check_due_at = least(check_due_at, ${ASKED_FOR}) where digest in (
         select digest from manifest_blob where manifest in (
           select manifest from distribution_job where distribution_uid = $1 and state = 'available'))`,
      [distributionUid],
    );
  }

  /** Transfers that wait, also for what was to come by hand, or have given up, begin again at once. */
  async retryNow(tx: Transaction, distributionUid: string, pointUids: readonly string[]): Promise<number> {
    const rows = await tx.query(
      `update distribution_job set state = 'pending', attempts = 0, next_attempt_at = now(), last_error = null, by_hand = false
       where distribution_uid = $1 and point_uid = any($2::uuid[]) and (by_hand or state in ('retrying', 'failed'))
       returning 1`,
      [distributionUid, pointUids],
    );
    return rows.length;
  }

  /** Ends transfers that are not done (content.md DP-09). Their workers notice within a second. */
  async cancel(
    tx: Transaction,
    distributionUid: string,
    pointUids: readonly string[],
    reason: string,
  ): Promise<number> {
    const rows = await tx.query(
      `update distribution_job set state = 'failed', last_error = $3, leased_by = null, leased_until = null,
         updated_at = now()
       where distribution_uid = $1 and point_uid = any($2::uuid[]) and state in ('pending', 'transferring', 'retrying')
       returning 1`,
      [distributionUid, pointUids, reason],
    );
    return rows.length;
  }

  async announce(tx: Transaction, distributionUid: string): Promise<void> {
    await tx.query('update distribution_announcement set wanted = true where distribution_uid = $1', [distributionUid]);
  }

  /** Copies that devices found bad are due before all others. Returns how many of them there are. */
  async checkReported(database: Queryable, faults: readonly ContentFault[]): Promise<number> {
    const rows = await database.query(
      `update point_blob copy set check_due_at = least(copy.check_due_at, ${URGENT})
       from (select distinct * from unnest($1::text[], $2::text[], $3::text[])) as fault (manifest, digest, point_name)
       join distribution_point point on point.name = fault.point_name
       where copy.point_uid = point.uid and copy.digest = fault.digest and copy.kind = 'blob'
         and exists (select 1 from manifest_blob where manifest = fault.manifest and digest = fault.digest)
       returning 1`,
      [faults.map(({ manifest }) => manifest), faults.map(({ digest }) => digest), faults.map(({ point }) => point)],
    );
    return rows.length;
  }

  async findCopies(
    database: Queryable,
    distributionUid: string,
    pointUids: readonly string[],
  ): Promise<DistributionCopies[]> {
    const rows = await database.query<
      Omit<DistributionCopies, 'problem' | 'readSince'> & { problem: string | null; since: Date }
    >(
      `select point.name as point, count(*) as copies,
         count(*) filter (where copy.check_due_at <= now()) as waiting,
         count(*) filter (where copy.problem is not null) as bad,
         min(copy.problem) as problem, min(copy.proven_at) as since,
         sum((select count(*) from copy_repair r where r.point_uid = copy.point_uid and r.digest = copy.digest
           and r.kind = copy.kind and r.repaired_at > now() - interval '30 days')) as repaired
       from (select distinct * from (${COPIES_OF}) as all_of_them) as named
       join point_blob copy using (point_uid, digest, kind)
       join distribution_point point on point.uid = copy.point_uid
       group by point.name order by point.name`,
      [distributionUid, pointUids],
    );
    return rows.map(({ problem, since, repaired, ...row }) => ({
      ...row,
      repaired: Number(repaired),
      ...(problem === null ? {} : { problem }),
      readSince: since.toISOString(),
    }));
  }
}
