import type { Digest } from '@muster/contracts/digest.js';
import type { DistributionPointSpec } from '@muster/contracts/kinds/distribution-point.js';
import type { Queryable } from '@muster/persistence/database.js';
import { URGENT } from '../audit/due.js';

/** An object that is being removed from a point. */
export interface RemovedCopy {
  digest: Digest;
  kind: 'blob' | 'manifest';
  point: { uid: string; spec: DistributionPointSpec };
}

/** Whoever began to remove a copy and was not heard of for this long is gone. */
const ABANDONED = "interval '5 minutes'";

/** Whether some job needs `copy` at its point, or at another point in the same bucket. */
const NEEDED = `exists (
  select 1 from distribution_point own
  join distribution_point near on near.spec ->> 'endpoint' = own.spec ->> 'endpoint'
    and near.spec ->> 'bucket' = own.spec ->> 'bucket'
  join distribution_job job on job.point_uid = near.uid
  where own.uid = copy.point_uid and case copy.kind when 'manifest' then job.manifest = copy.digest
    else exists (select 1 from manifest_blob where manifest = job.manifest and digest = copy.digest) end)`;

/** Versions that points have beside a newer one, which came there so many hours ago. */
const OLD = `distribution_job old join distribution_job newer
    on newer.distribution_uid = old.distribution_uid and newer.point_uid = old.point_uid
    and newer.package_uid = old.package_uid and newer.version > old.version
  where (old.state = 'available' or old.by_hand) and newer.state = 'available'
    and newer.updated_at <= now() - make_interval(hours => $1)`;

/**
 * Copies that nothing at their point needs any more. A copy that is needed again while it is removed is due for
 * checking at once, and the audit brings it back: no order of events loses it.
 */
export class RemovalRepository {
  /** Something was brought for a job that had been withdrawn. */
  async addCandidate(database: Queryable, pointUid: string, manifest: Digest): Promise<void> {
    await database.query('insert into removal_candidate (point_uid, manifest) values ($1, $2) on conflict do nothing', [
      pointUid,
      manifest,
    ]);
  }

  /**
   * Lists of files of versions that some point has for so long beside a newer one of the same content, in their order.
   *
   * @param after begin behind this one
   */
  async findOld(database: Queryable, hours: number, after: string, limit: number): Promise<Digest[]> {
    const rows = await database.query<{ manifest: Digest }>(
      `select distinct old.manifest from ${OLD} and old.manifest > $2 order by old.manifest limit $3`,
      [hours, after, limit],
    );
    return rows.map(({ manifest }) => manifest);
  }

  /** Points let go of these versions, where a newer one of the same content has been there for so long. Returns how many transfers that were. */
  async withdrawOld(database: Queryable, hours: number, manifests: readonly Digest[]): Promise<number> {
    const rows = await database.query(
      `delete from distribution_job where id in (select old.id from ${OLD} and old.manifest = any($2::text[])) returning 1`,
      [hours, manifests],
    );
    return rows.length;
  }

  /** Begins the grace period of what one withdrawn version had and nobody else needs. False: there was no candidate. */
  async markUnneeded(database: Queryable): Promise<boolean> {
    const rows = await database.query(
      `with candidate as (
         delete from removal_candidate where (point_uid, manifest) in (
           select point_uid, manifest from removal_candidate limit 1 for update skip locked)
         returning point_uid, manifest
       ), marked as (
         update point_blob copy set unneeded_since = now() from candidate
         where copy.point_uid = candidate.point_uid and copy.unneeded_since is null
           and (copy.digest = candidate.manifest and copy.kind = 'manifest' or copy.kind = 'blob' and copy.digest in (
             select digest from manifest_blob where manifest = candidate.manifest))
           and not ${NEEDED}
       )
       select 1 from candidate`,
    );
    return rows.length > 0;
  }

  /** Takes copies whose grace period is over; what is needed again stays. Manifests go before blobs. */
  async claim(
    database: Queryable,
    graceMinutes: number,
    most: number,
    skip: readonly string[],
  ): Promise<RemovedCopy[]> {
    const rows = await database.query<{
      digest: Digest;
      kind: 'blob' | 'manifest';
      uid: string;
      spec: DistributionPointSpec;
    }>(
      `with due as (
         select point_uid, digest, kind from point_blob
         where unneeded_since <= now() - make_interval(mins => $1) and point_uid <> all ($3::uuid[])
           and (removing_at is null or removing_at < now() - ${ABANDONED})
         order by kind desc, unneeded_since limit $2 for update skip locked
       ), taken as (
         update point_blob copy set removing_at = case when ${NEEDED} then null else now() end,
           unneeded_since = case when ${NEEDED} then null else copy.unneeded_since end
         from due where copy.point_uid = due.point_uid and copy.digest = due.digest and copy.kind = due.kind
         returning copy.*
       )
       select taken.digest, taken.kind, point.uid, point.spec
       from taken join distribution_point point on point.uid = taken.point_uid
       where taken.removing_at is not null`,
      [graceMinutes, most, skip],
    );
    return rows.map(({ digest, kind, uid, spec }) => ({ digest, kind, point: { uid, spec } }));
  }

  /** The objects are gone. A copy that is needed by now is due for checking, and comes back. */
  async finish(database: Queryable, copies: readonly RemovedCopy[]): Promise<void> {
    if (copies.length === 0) return;
    const values = [
      copies.map(({ point }) => point.uid),
      copies.map(({ digest }) => digest),
      copies.map(({ kind }) => kind),
    ];
    const named = `(copy.point_uid, copy.digest, copy.kind) in (
      select * from unnest($1::uuid[], $2::text[], $3::text[]))`;
    await database.query(
      `update point_blob copy set check_due_at = ${URGENT}, removing_at = null, unneeded_since = null
       where ${named} and (${NEEDED} or copy.removing_at is null)`,
      values,
    );
    await database.query(`delete from point_blob copy where ${named} and copy.removing_at is not null`, values);
  }

  /** The store does not answer: they wait. */
  async giveBack(database: Queryable, copies: readonly RemovedCopy[]): Promise<void> {
    if (copies.length === 0) return;
    await database.query(
      `update point_blob set removing_at = null, check_due_at = ${URGENT} where (point_uid, digest, kind) in (
         select * from unnest($1::uuid[], $2::text[], $3::text[]))`,
      [copies.map(({ point }) => point.uid), copies.map(({ digest }) => digest), copies.map(({ kind }) => kind)],
    );
  }
}
