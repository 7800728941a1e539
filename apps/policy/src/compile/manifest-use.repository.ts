import { MOST_NAMERS } from '@muster/contracts/requests/find-uses.js';
import type { Queryable } from '@muster/persistence/database.js';
import { LEFT_DAYS } from '../housekeeping/housekeeping.repository.js';

/** Deployments, by name, whose devices are told of a list of files. */
export interface ManifestUse {
  readonly manifest: string;
  readonly deployments: string[];
}

/** A deployment, which may be deleted, whose devices are not told of a list of files any more. */
export interface PastUse {
  readonly manifest: string;
  readonly deploymentUid: string;
  readonly name: string;
  readonly endedAt: Date;
}

/** Which lists of files devices are told of, and were. */
export class ManifestUseRepository {
  /** Of these lists of files those that devices are told of, or were until so many hours ago, each with the first deployments. */
  async findUses(database: Queryable, manifests: readonly string[], endedWithinHours: number): Promise<ManifestUse[]> {
    return database.query<ManifestUse>(
      `select named.manifest, (array_agg(distinct deployment.name order by deployment.name))[1:${MOST_NAMERS}] as deployments
       from body_manifest named
       join deployment_body told on told.body_digest = named.body_digest
       join deployment on deployment.uid = told.deployment_uid
       where named.manifest = any($1::text[])
         and (told.ended_at is null or told.ended_at > now() - make_interval(hours => $2))
       group by named.manifest`,
      [manifests, endedWithinHours],
    );
  }

  /** Who told devices of these lists of files last, as far back as a run may go on. */
  async findPastUses(database: Queryable, manifests: readonly string[]): Promise<PastUse[]> {
    return database.query<PastUse>(
      `select named.manifest, deployment.uid as "deploymentUid", deployment.name, max(told.ended_at) as "endedAt"
       from body_manifest named
       join deployment_body told on told.body_digest = named.body_digest
       join deployment on deployment.uid = told.deployment_uid
       where named.manifest = any($1::text[]) and told.ended_at > now() - interval '${LEFT_DAYS} days'
       group by named.manifest, deployment.uid, deployment.name order by deployment.name`,
      [manifests],
    );
  }
}
