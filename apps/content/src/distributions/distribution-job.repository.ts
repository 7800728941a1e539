import type { Digest } from '@muster/contracts/digest.js';
import type { DistributionPointSpec } from '@muster/contracts/kinds/distribution-point.js';
import type { Database, Queryable } from '@muster/persistence/database.js';
import type { JobOutcome } from './job-outcome.js';
import { URGENT } from '../audit/due.js';

/** A job that a worker holds. */
export interface ClaimedJob {
  id: number;
  /** Made for this claim: whoever has the same still holds the job. */
  lease: string;
  distributionUid: string;
  packageUid: string;
  packageName: string;
  version: number;
  /** Code of the site that made the version and has its bytes; undefined: this site. */
  source: string | undefined;
  /** 0 high, 1 medium, 2 low. */
  priority: number;
  manifest: Digest;
  document: string;
  files: number;
  bytes: number;
  /** Bytes that earlier attempts sent to the point. */
  bytesMoved: number;
  /** This one included. */
  attempts: number;
  point: { uid: string; name: string; spec: DistributionPointSpec };
}

/** An object that a point was proven to hold. */
export interface ProvenCopy {
  digest: Digest;
  etag: string;
  kind: 'blob' | 'manifest';
}

/** How far a job is. */
export interface JobProgress {
  filesDone: number;
  bytesDone: number;
  /** Bytes that this attempt sent to the point. */
  bytesMoved: number;
}

/** What a point takes right now. */
export interface PointAdmission {
  pointUid: string;
  /** Transfers at the same time, those of all workers together. */
  concurrency: number;
  /** A bit for each priority that may travel: 1 high, 2 medium, 4 low. */
  priorities: number;
}

const TELL = `update distribution_announcement set wanted = true
  where distribution_uid in (select distribution_uid from done)`;

/** The workers' side of the queue. A lease that ends without a word makes the job anybody's. */
export class DistributionJobRepository {
  /**
   * Takes the job that should travel first, or whose worker is silent, if there is one: by priority, then by how long
   * it is due. Claims are made one after the other, so that a point never has more transfers than it allows, and so that of
   * a version whose bytes are at another site one job brings them to the library and the others wait for it.
   *
   * @param admissions what each point takes; one that is not named takes nothing
   */
  async claim(
    database: Database,
    lease: string,
    leaseSeconds: number,
    admissions: readonly PointAdmission[],
  ): Promise<ClaimedJob | undefined> {
    return database.transaction(async (tx) => {
      await tx.query(`select pg_advisory_xact_lock(hashtext('muster content claim'))`);
      return this.claimLocked(tx, lease, leaseSeconds, admissions);
    });
  }

  private async claimLocked(
    database: Queryable,
    lease: string,
    leaseSeconds: number,
    admissions: readonly PointAdmission[],
  ): Promise<ClaimedJob | undefined> {
    const [row] = await database.query<{
      id: number;
      distribution_uid: string;
      package_uid: string;
      package_name: string;
      version: number;
      source: string | null;
      priority: number;
      manifest: Digest;
      document: string;
      files: number;
      bytes: number;
      bytes_moved: number;
      attempts: number;
      point_uid: string;
      point_name: string;
      point_spec: DistributionPointSpec;
    }>(
      `with done as (
         update distribution_job set state = 'transferring', leased_by = $1, attempts = attempts + 1,
           claim = nextval('distribution_claim'), behind = null, leased_until = now() + make_interval(secs => $2), updated_at = now()
         where id = (
           select job.id from distribution_job job
           join unnest($3::uuid[], $4::int[], $5::int[]) as admission (point_uid, concurrency, priorities)
             on admission.point_uid = job.point_uid
           where ((job.state in ('pending', 'retrying') and job.next_attempt_at <= now())
               or (job.state = 'transferring' and job.leased_until < now()))
             and not job.by_hand and (admission.priorities & (1 << job.priority)) <> 0
             and admission.concurrency > (
               select count(*) from distribution_job busy
               where busy.point_uid = job.point_uid and busy.state = 'transferring' and busy.leased_until >= now())
             and not exists (
               select 1 from distribution_job ahead
               where ahead.id = job.behind and ahead.state = 'transferring' and ahead.leased_until >= now())
             and not exists (
               select 1 from package_version v
               join distribution_job busy on busy.package_uid = v.package_uid and busy.version = v.version
               where v.package_uid = job.package_uid and v.version = job.version and not v.in_library
                 and busy.id <> job.id and busy.state = 'transferring' and busy.leased_until >= now())
           order by job.priority, job.next_attempt_at, job.id limit 1 for update of job skip locked
         ) returning *
       ), told as (${TELL})
       select done.id, done.distribution_uid, done.package_uid, p.name as package_name, done.version, v.source,
         done.priority, done.manifest, m.document, done.files, done.bytes, done.bytes_moved, done.attempts, point.uid as point_uid, point.name as point_name,
         point.spec as point_spec
       from done join content_owner p on p.uid = done.package_uid join manifest m on m.digest = done.manifest
       join package_version v on v.package_uid = done.package_uid and v.version = done.version
       join distribution_point point on point.uid = done.point_uid`,
      [
        lease,
        leaseSeconds,
        admissions.map(({ pointUid }) => pointUid),
        admissions.map(({ concurrency }) => concurrency),
        admissions.map(({ priorities }) => priorities),
      ],
    );
    if (!row) return undefined;
    const { id, version, priority, manifest, document, files, bytes, attempts } = row;
    return {
      id,
      lease,
      distributionUid: row.distribution_uid,
      packageUid: row.package_uid,
      packageName: row.package_name,
      version,
      source: row.source ?? undefined,
      priority,
      manifest,
      document,
      files,
      bytes,
      bytesMoved: row.bytes_moved,
      attempts,
      point: { uid: row.point_uid, name: row.point_name, spec: row.point_spec },
    };
  }

  /** Points to which something waits to go. */
  async findWaitingPoints(database: Queryable): Promise<{ uid: string; spec: DistributionPointSpec }[]> {
    return database.query<{ uid: string; spec: DistributionPointSpec }>(
      `select uid, spec from distribution_point where uid in (
         select point_uid from distribution_job
         where (state in ('pending', 'retrying') and next_attempt_at <= now() and not by_hand)
            or (state = 'transferring' and leased_until < now()))`,
    );
  }

  /**
   * Bytes per second for each of those who share what a point takes at this moment: transfers, and auditors who read there, of
   * all processes. Undefined: no limit.
   */
  async findShareOfRate(
    database: Queryable,
    { uid, spec }: { readonly uid: string; readonly spec: DistributionPointSpec },
  ): Promise<number | undefined> {
    const all = spec.transfers?.bytesPerSecond;
    if (all === undefined) return undefined;
    const [row] = await database.query<{ count: number }>(
      `select (select count(*) from distribution_job
          where point_uid = $1 and state = 'transferring' and leased_until >= now())
        + (select count(distinct checked_by) from point_blob
          where point_uid = $1 and checked_by is not null and checked_until >= now()) as count`,
      [uid],
    );
    return all / Math.max(1, Number(row?.count ?? 0));
  }

  /** Says that the worker is alive and how far it is. False: the job is not its any more. */
  async renew(
    database: Queryable,
    job: ClaimedJob,
    leaseSeconds: number,
    progress: JobProgress,
    options: { tell: boolean },
  ): Promise<boolean> {
    const rows = await database.query(
      `with done as (
         update distribution_job set leased_until = now() + make_interval(secs => $3), files_done = $4, bytes_done = $5,
           bytes_moved = $7, updated_at = now()
         where id = $1 and leased_by = $2 returning distribution_uid
       ), told as (${TELL} and $6)
       select 1 from done`,
      [
        job.id,
        job.lease,
        leaseSeconds,
        progress.filesDone,
        progress.bytesDone,
        options.tell,
        job.bytesMoved + progress.bytesMoved,
      ],
    );
    return rows.length > 0;
  }

  /** Ends a job as it came out. False: it was not this worker's any more, and nothing changed. */
  async finish(database: Database, job: ClaimedJob, outcome: JobOutcome, bytesMoved: number): Promise<boolean> {
    const [progress, values] = finishing(outcome, job);
    const rows = await database.query(
      `with done as (
         update distribution_job set state = $3, last_error = $4, attempts = attempts - $5,
           next_attempt_at = now() + make_interval(secs => $6), bytes_moved = $7, behind = $8, ${progress}
           leased_by = null, leased_until = null, updated_at = now()
         where id = $1 and leased_by = $2 returning distribution_uid
       ), told as (${TELL})
       select 1 from done`,
      [
        job.id,
        job.lease,
        ...values.slice(0, 4),
        job.bytesMoved + bytesMoved,
        'behind' in outcome ? outcome.behind : null,
        ...values.slice(4),
      ],
    );
    return rows.length > 0;
  }

  /**
   * Of these blobs those that another transfer to the same point, claimed earlier and no less urgent, is about to bring, with its number.
   * Ask this before {@link findPointBlobs}: what a transfer brought is recorded before it ends.
   */
  async findBroughtByOthers(
    database: Queryable,
    { id, lease }: ClaimedJob,
    digests: readonly Digest[],
  ): Promise<Map<Digest, number>> {
    const rows = await database.query<{ digest: Digest; id: number }>(
      `select blob.digest, min(ahead.id) as id
       from distribution_job own
       join distribution_job ahead on ahead.point_uid = own.point_uid and ahead.state = 'transferring'
         and ahead.leased_until >= now() and ahead.claim < own.claim and ahead.priority <= own.priority
       join manifest_blob blob on blob.manifest = ahead.manifest
       where own.id = $1 and own.leased_by = $2 and blob.digest = any($3::text[]) group by blob.digest`,
      [id, lease, digests],
    );
    return new Map(rows.map(({ digest, id: ahead }) => [digest, ahead]));
  }

  /**
   * Lets transfers go on that wait for one which is still under way, where all that they share with it is at the point. Returns whether
   * there were any.
   */
  async releaseBehind(database: Queryable, { id, point, manifest }: ClaimedJob): Promise<boolean> {
    const rows = await database.query(
      `update distribution_job waiting set behind = null
       where waiting.behind = $1 and waiting.state = 'retrying' and not exists (
         select 1 from manifest_blob shared
         join manifest_blob brought on brought.manifest = $3 and brought.digest = shared.digest
         where shared.manifest = waiting.manifest and not exists (
           select 1 from point_blob copy
           where copy.point_uid = $2 and copy.digest = shared.digest and copy.kind = 'blob'
             and copy.problem is null and copy.removing_at is null))
       returning 1`,
      [id, point.uid, manifest],
    );
    return rows.length > 0;
  }

  /** Was anything ever proven to be at a point? */
  async hasCopies(database: Queryable, pointUid: string): Promise<boolean> {
    const rows = await database.query('select 1 from point_blob where point_uid = $1 limit 1', [pointUid]);
    return rows.length > 0;
  }

  /** Of these blobs, the ETags under which a point was proven to hold them. */
  async findPointBlobs(
    database: Queryable,
    pointUid: string,
    digests: readonly Digest[],
  ): Promise<Map<Digest, string>> {
    const rows = await database.query<{ digest: Digest; etag: string }>(
      `select digest, etag from point_blob
       where point_uid = $1 and digest = any($2::text[]) and kind = 'blob' and problem is null and removing_at is null`,
      [pointUid, digests],
    );
    return new Map(rows.map(({ digest, etag }) => [digest, etag]));
  }

  /** A copy at a point is not what it should be: nobody is sent there for it, and it is looked at before all others. */
  async doubt(database: Queryable, pointUid: string, digest: Digest, problem: string): Promise<void> {
    await database.query(
      `update point_blob set problem = $3, check_due_at = least(check_due_at, ${URGENT})
       where point_uid = $1 and digest = $2 and kind = 'blob'`,
      [pointUid, digest, problem],
    );
  }

  /** What is proven is good again, whatever was known of it, and is not being removed any more. */
  async addPointBlobs(
    database: Queryable,
    pointUid: string,
    copies: readonly ProvenCopy[],
    auditHours: number,
  ): Promise<void> {
    if (copies.length === 0) return;
    await database.query(
      `insert into point_blob (point_uid, digest, etag, kind, check_due_at)
       select $1, copy.*, now() + make_interval(hours => $5) from unnest($2::text[], $3::text[], $4::text[]) as copy
       on conflict (point_uid, digest, kind) do update set etag = excluded.etag, proven_at = now(),
         check_due_at = case when point_blob.removing_at is null then excluded.check_due_at else ${URGENT} end,
         problem = null, unneeded_since = null, removing_at = null`,
      [
        pointUid,
        copies.map(({ digest }) => digest),
        copies.map(({ etag }) => etag),
        copies.map(({ kind }) => kind),
        auditHours,
      ],
    );
  }
}

function finishing(outcome: JobOutcome, job: ClaimedJob): [string, (string | number | null)[]] {
  switch (outcome.state) {
    case 'available':
      return ['files_done = $9, bytes_done = $10,', ['available', null, 0, 0, job.files, job.bytes]];
    case 'pending':
      // Given back unharmed: the attempt does not count.
      return ['', ['pending', null, 1, 0]];
    case 'waiting':
      return ['', ['retrying', outcome.reason, 1, outcome.delaySeconds]];
    case 'retrying':
      return ['', ['retrying', outcome.reason, 0, outcome.delaySeconds]];
    case 'failed':
      return ['', ['failed', outcome.reason, 0, 0]];
  }
}
