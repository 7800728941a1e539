import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { run, type RunSpec, type RunStatus } from '@muster/contracts/kinds/run.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Told } from '@muster/messaging/consumer.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import { withTrace } from '@muster/platform/trace.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { UnknownComputers } from '../devices/unknown-computers.js';
import type { EventLog, Happening } from '../events/event-log.js';
import type { FateRepository } from '../fates/fate.repository.js';
import type { Rollouts } from '../rollouts/rollouts.service.js';
import { runEndedEvent } from './run-ended-event.js';
import { runNames } from './run-name.js';
import type { KnownNames, NewRun, RunRepository } from './run.repository.js';
import type { TallyRepository } from './tally.repository.js';
import { type Reported, tellRuns, type Telling, type ToldRun } from './told-runs.js';

const { saved } = resourceEvents(run);
/** Stands for a sequence that nobody remembers: its deployment was never seen here. */
const UNKNOWN_SEQUENCE = { name: 'unknown', digest: `sha256:${'0'.repeat(64)}` };

type Run = Resource<RunSpec, RunStatus>;

/**
 * Turns the reports of agents into runs. However many facts come together, each kind of row is written with one statement; only what
 * belongs to rollouts, which judge every end, is done fact by fact (ADR 45).
 */
export class RunRecorder {
  constructor(
    private readonly runs: ResourceStore<RunSpec, RunStatus>,
    private readonly repository: RunRepository,
    private readonly rollouts: Rollouts,
    private readonly outbox: Outbox,
    private readonly tally: TallyRepository,
    private readonly events: EventLog,
    private readonly unknown: UnknownComputers,
    private readonly fates: FateRepository,
  ) {}

  /**
   * Adds reports to their runs and tells the runs as they are then; reports that say nothing new leave no trace.
   *
   * @throws MusterError `run.not-yours` when another device or deployment owns a run
   */
  async apply(tx: Transaction, facts: readonly Told<Reported>[]): Promise<void> {
    tx.byKeys();
    const uids = [...new Set(facts.map(({ payload }) => payload.runId.toLowerCase()))];
    const known = await this.repository.hold(tx, uids);
    const { runs, tellings } = tellRuns(
      facts.map(({ payload }) => payload),
      known,
    );
    if (runs.length === 0) return;
    const ends = await this.tally.before(tx, runs.filter(hasAnotherEnd));
    await this.save(tx, runs);
    await this.tally.count(tx, ends);
    const resources = new Map(
      (
        await this.runs.rows.findByUids(
          tx,
          runs.map(({ uid }) => uid),
        )
      ).map((one) => [one.metadata.uid, one]),
    );
    const traces = new Map(facts.map(({ payload, traceparent }) => [payload.runId.toLowerCase(), traceparent]));
    await this.tell(tx, tellings, resources, traces);
    const succeeded = new Set(tellings.filter(hasSucceeded).map(({ uid }) => uid));
    await this.unknown.runsSucceeded(
      tx,
      runs.filter(({ uid }) => succeeded.has(uid)).map(({ deviceUid }) => deviceUid),
    );
    await this.outbox.addMany(
      tx,
      saved,
      runs.flatMap(({ uid }) => {
        const resource = resources.get(uid);
        return resource ? [{ resource, actor: 'system' }] : [];
      }),
      runs.map(({ uid }) => traces.get(uid) ?? undefined),
    );
  }

  private async save(tx: Transaction, runs: readonly ToldRun[]): Promise<void> {
    const fresh = runs.filter(({ isNew }) => isNew);
    const names = await this.repository.names(tx, fresh);
    await this.repository.insert(
      tx,
      fresh.map((one, index) => newRun(one, names[index])),
    );
    await this.repository.saveProgress(
      tx,
      runs.filter(({ isNew }) => !isNew),
    );
    await this.repository.saveSteps(tx, runs);
    await this.fates.begun(
      tx,
      fresh.map(({ deviceUid, deploymentUid, progress: { startedAt } }) => ({ deviceUid, deploymentUid, startedAt })),
    );
  }

  /** What rollouts make of it, and the ends, in the order in which the facts came. */
  private async tell(
    tx: Transaction,
    tellings: readonly Telling[],
    resources: ReadonlyMap<string, Run>,
    traces: ReadonlyMap<string, string | null>,
  ): Promise<void> {
    const permitted = await this.rollouts.permitted(tx, [...resources.keys()]);
    let happened: Happening[] = [];
    for (const telling of tellings) {
      const { uid, progress } = telling;
      if (permitted.has(uid)) {
        await this.events.addMany(tx, happened);
        happened = [];
        await withTrace(traces.get(uid), () => this.rollouts.runTold(tx, uid, progress));
      }
      const resource = resources.get(uid);
      if (resource && telling.ended) happened.push(runEndedEvent(asOf(resource, telling)));
    }
    await this.events.addMany(tx, happened);
  }
}

/** A run as it was when it ended: more may have been told of it since. */
function asOf(resource: Run, { progress: { end }, ended = [] }: Telling): Run {
  const { exitCode, message } = end ?? {};
  const status: RunStatus = { ...resource.status, steps: [...ended] };
  delete status.exitCode;
  delete status.message;
  return {
    ...resource,
    status: {
      ...status,
      ...(end && { state: end.result }),
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(message === undefined ? {} : { message }),
    },
  };
}

function hasSucceeded({ ended, progress }: Telling): boolean {
  return ended !== undefined && progress.end?.result === 'succeeded';
}

function hasAnotherEnd({ before, progress }: ToldRun): boolean {
  return before.end?.result !== progress.end?.result;
}

/**
 * A uid is a valid name, and says more than nothing where the name is lost. The revision is the one that the device says it
 * runs; the deployment may have moved on. Only for agents that do not say so is it the deployment's.
 */
function newRun(told: ToldRun, names: KnownNames | undefined): NewRun {
  const { uid, deviceUid, deploymentUid, first, progress } = told;
  const spec = {
    device: names?.device ?? deviceUid,
    deviceUid,
    deployment: names?.deployment ?? deploymentUid,
    deploymentUid,
    sequence: names?.sequence ?? UNKNOWN_SEQUENCE.name,
    sequenceDigest: first.sequenceDigest ?? names?.sequenceDigest ?? UNKNOWN_SEQUENCE.digest,
  };
  return { uid, names: runNames(uid), spec, progress };
}
