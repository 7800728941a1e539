import type { DistributionSpec } from '@muster/contracts/kinds/distribution.js';
import type { Transaction } from '@muster/persistence/database.js';

const NEW_JOB = 'distribution_uid, point_uid, package_uid, version, manifest, files, bytes, priority, by_hand';
/** As a number: what is smaller travels first. */
const PRIORITY = "array_position(array['high', 'medium', 'low'], coalesce(d.spec ->> 'priority', 'medium')) - 1";
/** Older versions that are not under way need not travel any more; somebody may be carrying those that come by hand. */
const SUPERSEDED = "state in ('pending', 'retrying', 'failed') and not by_hand";

/**
 * Whether content comes to a point by hand only. Changes come by themselves once a version is there; a version that was made before
 * that does not begin to travel when one is.
 */
const byHand = (pointUid: string, packageUid: string) => `(
  exists (select 1 from distribution_point where uid = ${pointUid} and (spec ->> 'prestaged')::boolean)
  and case (select on_prestaged_points from content_behaviour where uid = ${packageUid})
    when 'Manual' then true
    when 'ChangesOnly' then not exists (
      select 1 from distribution_job loaded
      where loaded.point_uid = ${pointUid} and loaded.package_uid = ${packageUid} and loaded.state = 'available')
    else false end)`;
const NEW_BY_HAND = byHand('target.point_uid', 'v.package_uid');

/** Whether a point has every blob of a job already. */
const COMPLETE = `not exists (
  select 1 from manifest_blob blob where blob.manifest = job.manifest and not exists (
    select 1 from point_blob copy
    where copy.point_uid = job.point_uid and copy.digest = blob.digest and copy.kind = 'blob'
      and copy.problem is null and copy.removing_at is null))`;

/** Puts work for the workers into the queue and takes it out: always in the transaction that makes it necessary. */
export class DistributionQueueRepository {
  /** A new version: every Distribution of the package brings it to every of its points. Nothing when a newer one is available already. */
  async addVersion(tx: Transaction, packageUid: string, version: number): Promise<void> {
    const [row] = await tx.query<{ newest: number }>(
      `select max(version) as newest from package_version where package_uid = $1 and state = 'available'`,
      [packageUid],
    );
    if (row?.newest !== version) return;
    await tx.query(`delete from distribution_job where package_uid = $1 and version < $2 and ${SUPERSEDED}`, [
      packageUid,
      version,
    ]);
    await tx.query(
      `insert into distribution_job (${NEW_JOB})
       select d.uid, target.point_uid, v.package_uid, v.version, v.manifest, v.files, v.bytes, ${PRIORITY}, ${NEW_BY_HAND}
       from package_version v
       join distribution_content brought on brought.owner_uid = v.package_uid
       join distribution d on d.uid = brought.distribution_uid
       join distribution_target target on target.distribution_uid = d.uid
       where v.package_uid = $1 and v.version = $2
       on conflict do nothing`,
      [packageUid, version],
    );
    await this.releaseComplete(tx, 'job.package_uid = $1', packageUid);
    await tx.query(
      `update distribution_announcement set wanted = true
       where distribution_uid in (select distribution_uid from distribution_content where owner_uid = $1)`,
      [packageUid],
    );
  }

  /** Jobs of a version that wait for their next attempt, or have given up, begin again at once. */
  async retryNow(tx: Transaction, packageUid: string, version: number): Promise<void> {
    await tx.query(
      `update distribution_job set state = 'pending', attempts = 0, next_attempt_at = now()
       where package_uid = $1 and version = $2 and state in ('retrying', 'failed')`,
      [packageUid, version],
    );
  }

  /**
   * Makes the jobs of a Distribution what its specification says: the package's newest available version to each of
   * its targets. What it does not name any more is withdrawn: agents are not sent there again. A point that left a group
   * keeps what it has (content.md DP-02).
   *
   * @param previous what the specification was before, when there was one
   */
  async setTargets(
    tx: Transaction,
    distributionUid: string,
    packageUid: string,
    previous: DistributionSpec | undefined,
  ): Promise<void> {
    await tx.query(
      `delete from distribution_job
       where distribution_uid = $1 and (package_uid <> $2 or (
         point_uid in (
           select uid from distribution_point where name = any($3::text[]) or name in (
             select jsonb_array_elements_text(spec -> 'points') from distribution_point_group where name = any($4::text[]))
         ) and point_uid not in (select point_uid from distribution_target where distribution_uid = $1)))`,
      [distributionUid, packageUid, previous?.points ?? [], previous?.groups ?? []],
    );
    await this.addNewest(tx, 'd.uid = $1', distributionUid);
    await tx.query(
      `update distribution_job j set priority = ${PRIORITY} from distribution d
       where d.uid = $1 and j.distribution_uid = $1 and j.priority <> ${PRIORITY}`,
      [distributionUid],
    );
    await tx.query(`insert into distribution_announcement (distribution_uid) values ($1) on conflict do nothing`, [
      distributionUid,
    ]);
  }

  /** Everything that was sent to a group goes to the points that it has now. */
  async addGroup(tx: Transaction, group: string): Promise<void> {
    await this.addNewest(tx, "d.spec -> 'groups' ? $1", group);
    await tx.query(
      `update distribution_announcement set wanted = true
       where distribution_uid in (select uid from distribution where spec -> 'groups' ? $1)`,
      [group],
    );
  }

  /** A point that was named before it was there gets what it was named for. */
  async addPoint(tx: Transaction, pointUid: string): Promise<void> {
    const named = 'select distribution_uid from distribution_target where point_uid = $1';
    // Nobody publishes a version of it before the transaction ends: who comes gets the newest.
    await tx.query(
      `select 1 from content_owner where uid in (
         select owner_uid from distribution_content where distribution_uid in (${named}))
       order by uid for key share`,
      [pointUid],
    );
    await this.addNewest(tx, `d.uid in (${named})`, pointUid);
    await tx.query(`update distribution_announcement set wanted = true where distribution_uid in (${named})`, [
      pointUid,
    ]);
  }

  /** The newest available version of each package to each target that has no job for it yet. */
  private async addNewest(tx: Transaction, condition: string, value: string): Promise<void> {
    await tx.query(
      `insert into distribution_job (${NEW_JOB})
       select d.uid, target.point_uid, v.package_uid, v.version, v.manifest, v.files, v.bytes, ${PRIORITY}, ${NEW_BY_HAND}
       from distribution d
       join distribution_target target on target.distribution_uid = d.uid
       join distribution_content brought on brought.distribution_uid = d.uid
       join lateral (
         select * from package_version where package_uid = brought.owner_uid and state = 'available' order by version desc limit 1
       ) as v on true
       where ${condition}
       on conflict do nothing`,
      [value],
    );
    await this.releaseComplete(
      tx,
      `job.distribution_uid in (select d.uid from distribution d where ${condition})`,
      value,
    );
  }

  /** What waits to be brought by hand, and was brought before anything waited for it, is there but for its list of files. */
  private async releaseComplete(tx: Transaction, condition: string, value: string): Promise<void> {
    await tx.query(
      `update distribution_job job set by_hand = false where job.by_hand and ${condition} and ${COMPLETE}`,
      [value],
    );
  }

  /** A point, or some content, says something else now of what comes by hand: so do the jobs that nobody carries yet. */
  async settleByHand(
    tx: Transaction,
    whose: { readonly pointUid: string } | { readonly packageUid: string },
  ): Promise<void> {
    const [column, uid] = 'pointUid' in whose ? ['point_uid', whose.pointUid] : ['package_uid', whose.packageUid];
    await tx.query(
      `update distribution_job job set by_hand = ${byHand('job.point_uid', 'job.package_uid')} and not ${COMPLETE}
       where job.${column} = $1 and job.state in ('pending', 'retrying', 'failed')`,
      [uid],
    );
  }

  async removeDistribution(tx: Transaction, distributionUid: string): Promise<void> {
    await tx.query('delete from distribution_job where distribution_uid = $1', [distributionUid]);
    await tx.query('delete from distribution_announcement where distribution_uid = $1', [distributionUid]);
  }

  /** The point is another store now: nothing is known of it, and everything goes there again. */
  async restartPoint(tx: Transaction, pointUid: string): Promise<void> {
    await this.forgetPoint(tx, pointUid);
    const rows = await tx.query<{ distribution_uid: string }>(
      `update distribution_job set state = 'pending', attempts = 0, next_attempt_at = now(), files_done = 0,
         bytes_done = 0, bytes_moved = 0, leased_by = null, leased_until = null, last_error = null, updated_at = now()
       where point_uid = $1 returning distribution_uid`,
      [pointUid],
    );
    // To one that is prestaged it does not come over the line now either.
    await this.settleByHand(tx, { pointUid });
    await tx.query('update distribution_announcement set wanted = true where distribution_uid = any($1::uuid[])', [
      rows.map((row) => row.distribution_uid),
    ]);
  }

  /** Jobs of a point that wait, or have given up, begin again at once: something about it was mended. */
  async retryPoint(tx: Transaction, pointUid: string): Promise<void> {
    await tx.query(
      `update distribution_job set state = 'pending', attempts = 0, next_attempt_at = now()
       where point_uid = $1 and state in ('retrying', 'failed')`,
      [pointUid],
    );
  }

  async forgetPoint(tx: Transaction, pointUid: string): Promise<void> {
    await tx.query('delete from point_blob where point_uid = $1', [pointUid]);
  }
}
