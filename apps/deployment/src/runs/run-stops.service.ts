import { Inject, Injectable } from '@nestjs/common';
import { runsStopped } from '@muster/contracts/events/runs-stopped.js';
import type { RunStopAnswer, RunStopRequest } from '@muster/contracts/kinds/run-stop.js';
import { audit } from '@muster/persistence/audit.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { transactionOrDryRun } from '@muster/persistence/dry-run.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
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
  ) {}

  /**
   * Asking again asks anew of what has not ended.
   *
   * @throws MusterError `resource.not-found`, `run.ended`, `deployment.not-deleted`
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
      if (!found) throw missing('Run', name);
      if (found.ended)
        throw new MusterError('conflict', 'run.ended', `Run "${name}" has ended: nothing is to be stopped`);
      return { of: 'run', name, uids: [found.uid] };
    }
    if ('device' in request) {
      const name = request.device;
      const uid = await this.repository.findDevice(tx, name);
      if (uid === undefined) throw missing('Device', name);
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
}

function missing(kind: string, name: string): MusterError {
  return new MusterError('not-found', 'resource.not-found', `There is and was no ${kind} "${name}"`);
}
