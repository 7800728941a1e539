import { isDeepStrictEqual } from 'node:util';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import type { runReported } from '@muster/contracts/events/run-reported.js';
import { run, type RunSpec, type RunStatus } from '@muster/contracts/kinds/run.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { z } from 'zod';
import type { Rollouts } from '../rollouts/rollouts.service.js';
import type { UnknownComputers } from '../devices/unknown-computers.js';
import type { EventLog } from '../events/event-log.js';
import { runEndedEvent } from './run-ended-event.js';
import { fitForFact } from './run-fact.js';
import { runNames } from './run-name.js';
import { applyReports, NOTHING_HEARD, toRunStep, type RunProgress } from './run-progress.js';
import type { KnownNames, RunRepository } from './run.repository.js';
import type { TallyRepository } from './tally.repository.js';

type Reported = z.infer<typeof runReported.payload>;

const { saved } = resourceEvents(run);
/** Stands for a sequence that nobody remembers: its deployment was never seen here. */
const UNKNOWN_SEQUENCE = { name: 'unknown', digest: `sha256:${'0'.repeat(64)}` };

/** Turns the reports of agents into runs. */
export class RunRecorder {
  constructor(
    private readonly runs: ResourceStore<RunSpec, RunStatus>,
    private readonly repository: RunRepository,
    private readonly rollouts: Rollouts,
    private readonly outbox: Outbox,
    private readonly tally: TallyRepository,
    private readonly events: EventLog,
    private readonly unknown: UnknownComputers,
  ) {}

  /**
   * Adds reports to their run and tells the run as it is then; reports that say nothing new leave no trace.
   *
   * @throws MusterError `run.not-yours` when another device or deployment owns the run; the fact is then parked
   */
  async apply(tx: Transaction, reported: Reported): Promise<void> {
    const uid = reported.runId.toLowerCase();
    const before = await this.begin(tx, uid, reported);
    const known = (await this.repository.steps(tx, [uid])).get(uid) ?? [];
    const steps = new Map(known.map((step) => [step.path, step]));
    const { run: progress, changed } = applyReports(before, steps, reported.reports);
    if (changed.size === 0 && isDeepStrictEqual(progress, before)) return;

    await this.repository.saveProgress(tx, uid, progress);
    await this.repository.saveSteps(tx, uid, changed.values());
    await this.rollouts.runTold(tx, uid, progress);
    const resource = await this.runs.rows.findByUid(tx, uid);
    if (!resource) return;
    for (const [path, step] of changed) steps.set(path, step);
    resource.status.steps = [...steps.values()].sort((a, b) => a.number - b.number).map(toRunStep);
    await this.outbox.add(tx, saved, { resource: fitForFact(resource), actor: 'system' });
    if (progress.end?.result === before.end?.result) return;
    await this.tally.count(tx, uid, before.end?.result);
    const { type, subject, data } = runEndedEvent(resource);
    await this.events.add(tx, type, subject, data);
    if (progress.end?.result === 'succeeded') await this.unknown.runSucceeded(tx, reported.deviceUid);
  }

  /** The run as it is; made when this is the first that is heard of it. */
  private async begin(tx: Transaction, uid: string, reported: Reported): Promise<RunProgress> {
    const { deviceUid, deploymentUid } = reported;
    const found = await this.repository.find(tx, uid);
    if (found) {
      if (found.deviceUid === deviceUid.toLowerCase() && found.deploymentUid === deploymentUid.toLowerCase())
        return found.progress;
      throw new MusterError(
        'forbidden',
        'run.not-yours',
        `Run ${uid} belongs to device ${found.deviceUid} and deployment ${found.deploymentUid}; device ${deviceUid} reported on it for deployment ${deploymentUid}`,
      );
    }
    const names = await this.repository.names(tx, deviceUid, deploymentUid);
    await this.repository.insert(tx, uid, runNames(uid), specOf(reported, names));
    return NOTHING_HEARD;
  }
}

/**
 * A uid is a valid name, and says more than nothing where the name is lost. The revision is the one that the device says it
 * runs; the deployment may have moved on. Only for agents that do not say so is it the deployment's.
 */
function specOf({ deviceUid, deploymentUid, sequenceDigest }: Reported, names: KnownNames): RunSpec {
  return {
    device: names.device ?? deviceUid.toLowerCase(),
    deviceUid,
    deployment: names.deployment ?? deploymentUid.toLowerCase(),
    deploymentUid,
    sequence: names.sequence ?? UNKNOWN_SEQUENCE.name,
    sequenceDigest: sequenceDigest ?? names.sequenceDigest ?? UNKNOWN_SEQUENCE.digest,
  };
}
