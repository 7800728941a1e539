import type { DeploymentRollout, RolloutAction } from '@muster/contracts/kinds/deployment-rollout.js';
import { audit } from '@muster/persistence/audit.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import type { SiteReplication } from '@muster/service/replication/site-replication.js';
import { rolloutDocument } from './rollout-document.js';
import type { RolloutRepository } from './rollout.repository.js';
import { divides, readSharing, sitesOf } from './rollout-sharing.js';
import type { RolloutShareRepository } from './rollout-share.repository.js';
import { noRollout, type Rollouts } from './rollouts.service.js';

/** What an action is called once it is done. */
const DONE = {
  approve: 'rollout-approved',
  pause: 'rollout-paused',
  resume: 'rollout-resumed',
  restart: 'rollout-restarted',
} as const;

/** What people read of a rollout, and do with it. */
export class RolloutActions {
  constructor(
    private readonly database: Database,
    private readonly repository: RolloutRepository,
    private readonly rollouts: Rollouts,
    private readonly shares: RolloutShareRepository,
    private readonly replication: SiteReplication,
  ) {}

  /** @throws MusterError `resource.not-found`, `rollout.none` */
  async read(name: string): Promise<DeploymentRollout> {
    return this.document(await this.uidOf(name), name);
  }

  /** @throws MusterError as `read`, and `rollout.not-paused`, `rollout.nothing-to-approve`, `rollout.other-group`, `rollout.of-each-site` */
  async act(name: string, action: RolloutAction, actor: string): Promise<DeploymentRollout> {
    const uid = await this.uidOf(name);
    if (divides(this.replication.hierarchy)) refuseOfEachSite(name, action);
    await this.database.transaction(async (tx) => {
      await this.rollouts.act(tx, uid, action, actor);
      const { group, force, reason } = action;
      const details = { ...(group === undefined ? {} : { group }), ...(force === true && { force }) };
      await audit(tx, {
        actor,
        action: DONE[action.action],
        kind: 'Deployment',
        name,
        uid,
        reason,
        ...(Object.keys(details).length > 0 && { details }),
        correlationId: currentTraceId(),
      });
    });
    return this.document(uid, name);
  }

  /** The rollout of a deployment; undefined: it has none. */
  async find(uid: string): Promise<DeploymentRollout | undefined> {
    const row = await this.repository.find(this.database, uid);
    if (!row) return undefined;
    const { hierarchy } = this.replication;
    if (!divides(hierarchy)) return rolloutDocument(row, Date.now());
    const sharing = await readSharing(this.database, this.shares, row.deployment);
    return rolloutDocument(row, Date.now(), sitesOf(sharing.get(row.deployment), hierarchy));
  }

  private async document(uid: string, name: string): Promise<DeploymentRollout> {
    const found = await this.find(uid);
    if (!found) throw noRollout(name);
    return found;
  }

  private async uidOf(name: string): Promise<string> {
    const found = await this.repository.named(this.database, name);
    if (!found) throw new MusterError('not-found', 'resource.not-found', `There is no Deployment "${name}"`);
    if (!found.hasRollout) throw noRollout(name);
    return found.uid;
  }
}

/** Groups open at each primary site: what opens them is said there. */
function refuseOfEachSite(name: string, { action }: RolloutAction): void {
  if (action === 'pause' || action === 'resume') return;
  throw new MusterError(
    'conflict',
    'rollout.of-each-site',
    `Each primary site opens the groups of deployment "${name}" by itself: ${action} it there (muster --site CODE rollout ${action} ${name}). Pause and resume are for all sites`,
  );
}
