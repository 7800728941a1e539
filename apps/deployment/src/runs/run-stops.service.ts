import { Inject, Injectable } from '@nestjs/common';
import { runsStopped } from '@muster/contracts/events/runs-stopped.js';
import type { RunStopAnswer, RunStopRequest } from '@muster/contracts/kinds/run-stop.js';
import { audit } from '@muster/persistence/audit.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { transactionOrDryRun } from '@muster/persistence/dry-run.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { DeploymentConfig } from '../config.js';
import { RunStopRepository } from './run-stop.repository.js';

const MOST_NAMES = 100;

type About = { readonly of: 'run' | 'device' | 'deployment'; readonly name: string; readonly uids: readonly string[] };

const KINDS = { run: 'Run', device: 'Device', deployment: 'Deployment' } as const;

/** Ends runs that no hold of a deployment reaches: single ones, those of a device, and those of deleted deployments. */
@Injectable()
export class RunStops {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(RunStopRepository) private readonly repository: RunStopRepository,
    @Inject(CONFIG) private readonly config: Pick<DeploymentConfig, 'MUSTER_SITE'>,
  ) {}

  /**
   * Asking again asks anew of what has not ended.
   *
   * @throws MusterError `resource.not-found`, `run.ended`, `run.of-site-below`, `deployment.not-deleted`
   */
  async stop(request: RunStopRequest, { actor, dryRun }: { actor: string; dryRun: boolean }): Promise<RunStopAnswer> {
    return transactionOrDryRun(this.database, dryRun, (tx) => this.ask(tx, request, actor));
  }

  private async ask(tx: Transaction, request: RunStopRequest, actor: string): Promise<RunStopAnswer> {
    const about = await this.find(tx, request);
    const { reason } = request;
    const stop = { askedAt: new Date().toISOString(), by: actor, ...(reason === undefined ? {} : { reason }) };
    const stopped = await this.repository.stop(tx, about.of, about.uids, stop);
    const deployments = about.of === 'deployment' ? [...about.uids] : [];
    // Devices know what they run of a deleted deployment by that, however many they are.
    const runs = about.of === 'deployment' ? [] : stopped.map(({ uid, deviceUid }) => ({ runUid: uid, deviceUid }));
    if (runs.length + deployments.length > 0) await this.outbox.add(tx, runsStopped, { runs, deployments, actor });
    await audit(tx, {
      actor,
      action: 'stopped',
      kind: KINDS[about.of],
      name: about.name,
      uid: about.uids[0],
      reason,
      correlationId: currentTraceId(),
    });
    const names = stopped.map(({ name }) => name).toSorted();
    return { count: names.length, runs: names.slice(0, MOST_NAMES) };
  }

  private async find(tx: Transaction, request: RunStopRequest): Promise<About> {
    if ('run' in request) {
      const name = request.run;
      const found = await this.repository.findRun(tx, name);
      if (!found) throw await this.runNotHere(tx, name);
      if (found.ended)
        throw new MusterError('conflict', 'run.ended', `Run "${name}" has ended: nothing is to be stopped`);
      return { of: 'run', name, uids: [found.uid] };
    }
    if ('device' in request) {
      const name = request.device;
      const uid = await this.repository.findDevice(tx, name);
      if (uid === undefined) throw await this.deviceNotHere(tx, name);
      return { of: 'device', name, uids: [uid] };
    }
    const name = request.deployment;
    if (await this.repository.isDeployed(tx, name)) {
      const message = `Deployment "${name}" is there: stop it itself, so that no device starts it either (muster deployment stop ${name})`;
      throw new MusterError('conflict', 'deployment.not-deleted', message);
    }
    const uids = await this.repository.stopDeleted(tx, name);
    if (uids.length === 0) throw missing('Deployment', name);
    return { of: 'deployment', name, uids };
  }

  /** Runs are known at the site of their device alone. */
  private async runNotHere(tx: Transaction, name: string): Promise<MusterError> {
    const here = this.config.MUSTER_SITE;
    const [site, ...others] = await this.repository.sitesBelow(tx, here);
    if (site === undefined) return missing('Run', name);
    const also = others.length > 0 ? `; the other sites below are ${others.join(', ')}` : '';
    return new MusterError(
      'not-found',
      'resource.not-found',
      `There is and was no Run "${name}" at site ${here}. Runs are stopped at the site of their device: muster --site ${site} stop ${name}${also}`,
    );
  }

  private async deviceNotHere(tx: Transaction, name: string): Promise<MusterError> {
    const sites = await this.repository.sitesBelow(tx, this.config.MUSTER_SITE, name);
    const [site] = sites;
    if (site === undefined) return missing('Device', name);
    const whose = sites.length > 1 ? `sites ${sites.join(', ')}` : `site ${site}`;
    return new MusterError(
      'conflict',
      'run.of-site-below',
      `Device "${name}" belongs to ${whose}, and its runs are stopped there only: muster --site ${site} stop --device ${name}`,
    );
  }
}

function missing(kind: string, name: string): MusterError {
  return new MusterError('not-found', 'resource.not-found', `There is and was no ${kind} "${name}"`);
}
