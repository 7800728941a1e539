import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { RolloutProgress } from '@muster/schedule/rollout/judge-rollout.js';
import type { Rollout } from '@muster/schedule/rollout/rollout.js';
import type { RolloutShare } from './rollout-share.js';

/** A share of this site, its rollout, or both. */
export interface SharedRollout {
  readonly deployment: string;
  readonly told: string | null;
  readonly most: number;
  /** Undefined where the deployment is not here, or has no rollout. */
  readonly rollout?: { readonly rules: Rollout; readonly progress: RolloutProgress; readonly begun: boolean };
  readonly members: number;
}

/** A record of one site about a deployment. */
interface SiteRecord {
  readonly deployment: string;
  readonly site: string;
  readonly content: unknown;
}

/** Shares of this site as it was told them, and what sites tell each other about shares. */
export class RolloutShareRepository {
  async keep(tx: Transaction, deployment: string, share: RolloutShare | null): Promise<void> {
    if (!share) {
      await tx.query('delete from rollout_share where deployment = $1', [deployment]);
      return;
    }
    await tx.query(
      `insert into rollout_share (deployment, told, most, held) values ($1, $2, $3, $4)
       on conflict (deployment) do update set told = excluded.told, most = excluded.most, held = excluded.held`,
      [deployment, share.told, share.most, share.held ?? null],
    );
  }

  /** In one statement, so that no permit of an earlier share is missing beside a later one. */
  async shared(database: Queryable): Promise<SharedRollout[]> {
    const rows = await database.query<Omit<SharedRollout, 'rollout'> & { rollout: SharedRollout['rollout'] | null }>(
      `select coalesce(deployment.name, share.deployment) as deployment, share.told, coalesce(share.most, 0) as most,
         coalesce(size.members, 0) as members,
         case when deployment.spec ? 'rollout' then jsonb_build_object('rules', deployment.spec -> 'rollout',
           'progress', rollout.progress, 'begun', rollout.body is not null) end as rollout
       from (rollout join deployment on deployment.uid = rollout.deployment_uid)
       full join rollout_share as share on share.deployment = deployment.name
       left join collection on collection.name = deployment.collection
       left join collection_size as size on size.collection_uid = collection.uid`,
    );
    return rows.map(({ rollout, ...row }) => (rollout ? { ...row, rollout } : row));
  }

  /** Whether this process is the one that divides, until the transaction ends. */
  async isDividing(tx: Transaction): Promise<boolean> {
    const [row] = await tx.query<{ mine: boolean }>(
      `select pg_try_advisory_xact_lock(hashtext(current_schema() || ' rollout shares')) as mine`,
    );
    return row?.mine ?? false;
  }

  /** What there is of a kind about deployments, of one deployment or of all. */
  async records(database: Queryable, kind: string, deployment?: string): Promise<SiteRecord[]> {
    return database.query<SiteRecord>(
      `select left(key, -1 - length(owner)) as deployment, owner as site, content from replica
       where kind = $1 and content is not null and owner is not null
         and ($2::text is null or left(key, -1 - length(owner)) = $2)`,
      [kind, deployment ?? null],
    );
  }
}
