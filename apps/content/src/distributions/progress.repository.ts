import type { DistributionPointSpec, DistributionPointStatus } from '@muster/contracts/kinds/distribution-point.js';
import type { DistributionProgress, DistributionStatus } from '@muster/contracts/kinds/distribution.js';
import type { Queryable } from '@muster/persistence/database.js';
import { reasonToWait } from './admit-transfers.js';

interface ProgressRow {
  distribution_uid: string;
  point: string;
  point_spec: DistributionPointSpec;
  priority: number;
  by_hand: boolean;
  version: number;
  manifest: string;
  state: DistributionProgress['state'];
  files_done: number;
  files: number;
  bytes_done: number;
  bytes: number;
  bytes_moved: number;
  attempts: number;
  last_error: string | null;
  bad_copies: number;
  updated_at: Date;
}

const BY_HAND =
  'the point is prestaged and the content comes there by hand: import a prestaged file of this version, or redistribute';

/** How far distributions are, read from their jobs: kept nowhere else. */
export class ProgressRepository {
  /** Of each point the newest version, and before that is there, the newest one that can be downloaded. */
  async findDistributionStatuses(
    database: Queryable,
    distributionUids: readonly string[],
  ): Promise<Map<string, DistributionStatus>> {
    const rows = await database.query<ProgressRow>(
      `select j.*, point.name as point, point.spec as point_spec, case when j.state = 'available' then (
         select count(*) from point_blob copy
         where copy.point_uid = j.point_uid and copy.problem is not null and (copy.digest = j.manifest or exists (
           select 1 from manifest_blob where manifest = j.manifest and digest = copy.digest))
       ) else 0 end as bad_copies
       from (
         select *, max(version) over point as newest, max(version) filter (where state = 'available') over point as served
         from distribution_job where distribution_uid = any($1::uuid[])
         window point as (partition by distribution_uid, point_uid)
       ) as j join distribution_point point on point.uid = j.point_uid
       where j.version in (j.newest, j.served)
       order by j.distribution_uid, point.name, j.version desc`,
      [distributionUids],
    );
    const statuses = new Map<string, DistributionStatus>(distributionUids.map((uid) => [uid, { points: [] }]));
    const now = new Date();
    for (const row of rows) statuses.get(row.distribution_uid)!.points.push(toProgress(row, now));
    return statuses;
  }

  async findPointStatuses(
    database: Queryable,
    pointUids: readonly string[],
  ): Promise<Map<string, DistributionPointStatus>> {
    const rows = await database.query<DistributionPointStatus & { uid: string }>(
      `select point_uid as uid,
         count(distinct (package_uid, version)) filter (where state = 'available') as available,
         count(*) filter (where state in ('pending', 'transferring', 'retrying')) as pending,
         count(*) filter (where state = 'failed') as failed
       from distribution_job where point_uid = any($1::uuid[]) group by point_uid`,
      [pointUids],
    );
    const copies = await database.query<{ uid: string; bad: number; unneeded: number }>(
      `select point_uid as uid, count(*) filter (where problem is not null) as bad,
         count(*) filter (where unneeded_since is not null) as unneeded
       from point_blob where point_uid = any($1::uuid[]) and (problem is not null or unneeded_since is not null)
       group by point_uid`,
      [pointUids],
    );
    const statuses = new Map<string, DistributionPointStatus>(
      pointUids.map((uid) => [uid, { available: 0, pending: 0, failed: 0 }]),
    );
    for (const { uid, available, pending, failed } of rows) statuses.set(uid, { available, pending, failed });
    for (const { uid, bad, unneeded } of copies) {
      Object.assign(statuses.get(uid)!, bad > 0 && { badCopies: bad }, unneeded > 0 && { removalPending: unneeded });
    }
    return statuses;
  }
}

function toProgress(row: ProgressRow, now: Date): DistributionProgress {
  const isWaiting = row.state === 'pending' || row.state === 'retrying';
  const waitsFor = row.by_hand ? BY_HAND : isWaiting ? reasonToWait(row.point_spec, row.priority, now) : undefined;
  return {
    point: row.point,
    version: row.version,
    manifest: row.manifest,
    state: row.state,
    filesDone: row.files_done,
    files: row.files,
    bytesDone: row.bytes_done,
    bytes: row.bytes,
    bytesMoved: row.bytes_moved,
    attempts: row.attempts,
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    ...(waitsFor === undefined ? {} : { waitsFor }),
    ...(row.bad_copies === 0 ? {} : { badCopies: row.bad_copies }),
    updatedAt: row.updated_at.toISOString(),
  };
}
