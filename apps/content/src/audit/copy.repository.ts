import type { Digest } from '@muster/contracts/digest.js';
import type { DistributionPointSpec } from '@muster/contracts/kinds/distribution-point.js';
import type { Queryable, SqlValue } from '@muster/persistence/database.js';
import { ASKED_FOR } from './due.js';

/** An object that somebody holds for checking. */
export interface ClaimedCopy {
  digest: Digest;
  kind: 'blob' | 'manifest';
  size: number;
  /** Write it again, whatever reading it says. */
  rewrite: boolean;
  /** What was known to be wrong with it. */
  problem: string | null;
  /** Undefined: the library. */
  point: { uid: string; name: string; spec: DistributionPointSpec } | undefined;
}

interface CopyRow {
  digest: Digest;
  kind: 'blob' | 'manifest';
  size: number;
  rewrite: boolean;
  problem: string | null;
  uid: string | null;
  name: string | null;
  spec: DistributionPointSpec | null;
}

/** @param resting parameter with the points where only that is done which cannot wait: what is bad, may be gone, or is asked for */
const due = (resting: string) => `check_due_at <= now() and (checked_until is null or checked_until < now())
  and removing_at is null and not (point_uid = any (${resting}::uuid[]) and problem is null
    and (rewrite or check_due_at > ${ASKED_FOR}))`;
const LIMITED = `select uid from distribution_point where spec #> '{transfers,bytesPerSecond}' is not null`;

/** Stored objects as things to be read again: when each is due, who reads it, and what was wrong. */
export class CopyRepository {
  /**
   * Takes copies that are due and that nobody else reads, the longest due first; not at points whose rate is limited.
   *
   * @param skip points that do not answer right now
   * @param resting points where only that is done which cannot wait
   */
  claim(
    database: Queryable,
    lease: string,
    leaseSeconds: number,
    most: number,
    { skip, resting }: { readonly skip: readonly string[]; readonly resting: readonly string[] },
  ): Promise<ClaimedCopy[]> {
    const condition = `point_uid <> all ($5::uuid[]) and point_uid not in (${LIMITED})`;
    return this.take(database, condition, [lease, leaseSeconds, most, resting, skip]);
  }

  /** The same at one point, whatever its rate. */
  claimAt(
    database: Queryable,
    lease: string,
    leaseSeconds: number,
    most: number,
    { pointUid, resting }: { readonly pointUid: string; readonly resting: readonly string[] },
  ): Promise<ClaimedCopy[]> {
    return this.take(database, 'point_uid = $5', [lease, leaseSeconds, most, resting, pointUid]);
  }

  /** Points whose rate is limited and where something is due. @param skip points that are not asked for */
  async findLimitedPoints(
    database: Queryable,
    { skip, resting }: { readonly skip: readonly string[]; readonly resting: readonly string[] },
  ): Promise<string[]> {
    const rows = await database.query<{ uid: string }>(
      `select uid from (${LIMITED}) as limited where uid <> all ($2::uuid[]) and exists (
         select 1 from point_blob where point_uid = limited.uid and ${due('$1')})`,
      [resting, skip],
    );
    return rows.map(({ uid }) => uid);
  }

  /** Points that say when something may travel. */
  async findScheduledPoints(database: Queryable): Promise<{ uid: string; spec: DistributionPointSpec }[]> {
    return database.query<{ uid: string; spec: DistributionPointSpec }>(
      `select uid, spec from distribution_point where spec #> '{transfers,schedule}' is not null`,
    );
  }

  private async take(database: Queryable, condition: string, values: readonly SqlValue[]): Promise<ClaimedCopy[]> {
    const rows = await database.query<CopyRow>(
      `with taken as (
         update point_blob set checked_by = $1, checked_until = now() + make_interval(secs => $2)
         where (point_uid, digest, kind) in (
           select point_uid, digest, kind from point_blob where ${due('$4')} and ${condition}
           order by check_due_at limit $3 for update skip locked
         ) returning *
       )
       select taken.digest, taken.kind, taken.rewrite, taken.problem, point.uid, point.name, point.spec,
         case taken.kind when 'manifest' then (select octet_length(document) from manifest where digest = taken.digest)
           else (select size from manifest_blob where digest = taken.digest limit 1) end as size
       from taken join distribution_point point on point.uid = taken.point_uid
       order by taken.check_due_at`,
      values,
    );
    return rows.flatMap(toCopy);
  }

  async claimOfLibrary(database: Queryable, lease: string, leaseSeconds: number, most: number): Promise<ClaimedCopy[]> {
    const rows = await database.query<CopyRow>(
      `update library_blob set checked_by = $1, checked_until = now() + make_interval(secs => $2)
       where digest in (
         select digest from library_blob
         where check_due_at <= now() and (checked_until is null or checked_until < now()) and unneeded_since is null
         order by check_due_at limit $3 for update skip locked
       ) returning digest, 'blob' as kind, size, false as rewrite, problem, null as uid, null as name, null as spec`,
      [lease, leaseSeconds, most],
    );
    return rows.flatMap(toCopy);
  }

  /** Says that whoever holds these copies is alive. */
  async renew(database: Queryable, lease: string, leaseSeconds: number): Promise<void> {
    for (const table of ['point_blob', 'library_blob']) {
      await database.query(
        `update ${table} set checked_until = now() + make_interval(secs => $2) where checked_by = $1`,
        [lease, leaseSeconds],
      );
    }
  }

  /** The copy is right: it is due again after `hours`. Nothing when somebody else took it over meanwhile. */
  async markGood(database: Queryable, copy: ClaimedCopy, lease: string, etag: string, hours: number): Promise<void> {
    if (copy.point) {
      await database.query(
        `update point_blob set proven_at = now(), etag = $5, problem = null, rewrite = false, checked_by = null,
           checked_until = null, check_due_at = now() + make_interval(hours => $6)
         where point_uid = $1 and digest = $2 and kind = $3 and checked_by = $4`,
        [copy.point.uid, copy.digest, copy.kind, lease, etag, hours],
      );
    } else {
      await database.query(
        `update library_blob set proven_at = now(), problem = null, checked_by = null, checked_until = null,
           check_due_at = now() + make_interval(hours => $3)
         where digest = $1 and checked_by = $2`,
        [copy.digest, lease, hours],
      );
    }
  }

  /** The copy is wrong or gone: from now on nobody is sent there for it. */
  async markBad(database: Queryable, copy: ClaimedCopy, problem: string): Promise<void> {
    if (copy.point) {
      await database.query('update point_blob set problem = $4 where point_uid = $1 and digest = $2 and kind = $3', [
        copy.point.uid,
        copy.digest,
        copy.kind,
        problem,
      ]);
    } else {
      await database.query('update library_blob set problem = $2 where digest = $1', [copy.digest, problem]);
    }
  }

  /** Gives a copy back, to be read again after some seconds. */
  async postpone(database: Queryable, copy: ClaimedCopy, lease: string, seconds: number): Promise<void> {
    const release = `checked_by = null, checked_until = null, check_due_at = now() + make_interval(secs => $3)`;
    if (copy.point) {
      await database.query(
        `update point_blob set ${release} where digest = $1 and checked_by = $2 and point_uid = $4 and kind = $5`,
        [copy.digest, lease, seconds, copy.point.uid, copy.kind],
      );
    } else {
      await database.query(`update library_blob set ${release} where digest = $1 and checked_by = $2`, [
        copy.digest,
        lease,
        seconds,
      ]);
    }
  }

  /** Kept for 90 days. */
  async addRepair(database: Queryable, copy: ClaimedCopy, found: string, source: string): Promise<void> {
    await database.query(
      `with old as (delete from copy_repair where repaired_at < now() - interval '90 days')
       insert into copy_repair (point_uid, digest, kind, found, source) values ($1, $2, $3, $4, $5)`,
      [copy.point?.uid ?? null, copy.digest, copy.kind, found, source],
    );
  }

  /** Other points that have a blob of which nothing bad is known. */
  async findHolders(
    database: Queryable,
    digest: Digest,
    exceptUid: string | undefined,
  ): Promise<{ name: string; spec: DistributionPointSpec }[]> {
    return database.query<{ name: string; spec: DistributionPointSpec }>(
      `select name, spec from distribution_point where uid in (
         select point_uid from point_blob where digest = $1 and kind = 'blob' and problem is null and removing_at is null)
         and uid is distinct from $2 order by name limit 10`,
      [digest, exceptUid ?? null],
    );
  }

  async findManifest(database: Queryable, digest: Digest): Promise<string | undefined> {
    const [row] = await database.query<{ document: string }>('select document from manifest where digest = $1', [
      digest,
    ]);
    return row?.document;
  }
}

/** A copy whose size nobody knows belongs to no manifest any more: the removal will take it. */
function toCopy({ uid, name, spec, size, ...copy }: CopyRow): ClaimedCopy[] {
  if (size === null) return [];
  return [{ ...copy, size, point: uid === null ? undefined : { uid, name: name!, spec: spec! } }];
}
