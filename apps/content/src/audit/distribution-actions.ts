import type { ContentFault } from '@muster/contracts/agent/content.js';
import type {
  DistributionAction,
  DistributionActionResult,
  DistributionCopies,
} from '@muster/contracts/kinds/distribution.js';
import type { Database, Queryable, Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { WakeUp } from '../distributions/wake-up.js';
import { missingReferences, refuseMissing } from '../groups/missing-references.js';
import type { ActionRepository } from './action.repository.js';

/** What people can do about what was sent: validate, redistribute, cancel. Each is recorded here and done by the workers. */
export class DistributionActions {
  constructor(
    private readonly database: Database,
    private readonly actions: ActionRepository,
    private readonly wakeUp: WakeUp,
  ) {}

  /** Every copy is read again, and repaired when it is wrong. */
  validate(name: string, action: DistributionAction): Promise<DistributionActionResult> {
    return this.act(name, action, async (tx, uid, points) => {
      await this.actions.checkLibraryNow(tx, uid);
      return { copies: await this.actions.checkNow(tx, uid, points, { rewrite: false }), transfers: 0 };
    });
  }

  /** Every copy is written again; transfers that wait or have given up begin again. What is served goes on being served. */
  redistribute(name: string, action: DistributionAction): Promise<DistributionActionResult> {
    return this.act(name, action, async (tx, uid, points) => ({
      copies: await this.actions.checkNow(tx, uid, points, { rewrite: true }),
      transfers: await this.actions.retryNow(tx, uid, points),
    }));
  }

  /** Ends what is under way: a version that is at a point already stays. */
  cancel(name: string, action: DistributionAction, actor: string): Promise<DistributionActionResult> {
    return this.act(name, action, async (tx, uid, points) => ({
      copies: 0,
      transfers: await this.actions.cancel(tx, uid, points, `cancelled by ${actor}`),
    }));
  }

  /** @throws MusterError `resource.not-found` */
  async copies(name: string): Promise<DistributionCopies[]> {
    const { uid, points } = await this.resolve(this.database, name, {});
    return this.actions.findCopies(this.database, uid, points);
  }

  /** Devices met bad copies: those are read before all others. */
  async checkReported(faults: readonly ContentFault[]): Promise<number> {
    const accepted = await this.actions.checkReported(this.database, faults);
    this.wakeUp.wake();
    return accepted;
  }

  private async act(
    name: string,
    action: DistributionAction,
    work: (tx: Transaction, uid: string, points: string[]) => Promise<DistributionActionResult>,
  ): Promise<DistributionActionResult> {
    return this.database.transaction(async (tx) => {
      const { uid, points } = await this.resolve(tx, name, action);
      const result = await work(tx, uid, points);
      await this.actions.announce(tx, uid);
      tx.afterCommit(() => this.wakeUp.wake());
      return result;
    });
  }

  /** @throws MusterError `resource.not-found`, `content.missing-reference` */
  private async resolve(
    queryable: Queryable,
    name: string,
    { points: wanted }: DistributionAction,
  ): Promise<{ uid: string; points: string[] }> {
    const uid = await this.actions.findDistribution(queryable, name);
    if (uid === undefined) {
      throw new MusterError('not-found', 'resource.not-found', `There is no Distribution "${name}"`);
    }
    const all = new Map((await this.actions.findPoints(queryable, uid)).map((point) => [point.name, point.uid]));
    if (wanted === undefined) return { uid, points: [...all.values()] };
    const missing = missingReferences([
      { path: '/points', kind: `point of Distribution "${name}" called`, names: wanted, known: all },
    ]);
    if (missing.length > 0) refuseMissing('The request about', name, missing);
    return { uid, points: wanted.map((point) => all.get(point)!) };
  }
}
