import type { RunSpec, RunStatus, RunStep } from '@muster/contracts/kinds/run.js';
import type { Resource } from '@muster/contracts/resource.js';

interface Common {
  readonly device: string;
  readonly run: string;
  readonly deployment: string;
  readonly at?: string | undefined;
}

/** One thing that happened on a device; with `-o json` each is a line. The names are those of `muster run -o json`. */
export type RunEvent = Common &
  (
    | { readonly event: 'run-started'; readonly sequence: string; readonly total?: number | undefined }
    | {
        readonly event: 'step-started';
        readonly path: string;
        readonly stepType?: string | undefined;
        readonly attempt?: number | undefined;
      }
    | {
        readonly event: 'step-finished';
        readonly number: number;
        readonly path: string;
        readonly stepType?: string | undefined;
        readonly outcome: 'succeeded' | 'failed' | 'skipped';
        readonly reason?: string | undefined;
        readonly exitCode?: number | undefined;
        readonly continuedOnError?: boolean | undefined;
        readonly attempt?: number | undefined;
        readonly startedAt?: string | undefined;
        readonly message?: string | undefined;
        readonly output?: string | undefined;
      }
    | {
        readonly event: 'run-finished';
        /** `restart-pending` and `silent` are not the end: the run goes on after the restart, or was not heard of for a day. */
        readonly result: 'succeeded' | 'failed' | 'restart-pending' | 'silent';
        readonly exitCode?: number | undefined;
        readonly startedAt?: string | undefined;
        readonly message?: string | undefined;
      }
  );

export type RunResource = Resource<RunSpec, RunStatus>;

interface Known {
  version: bigint;
  started: boolean;
  state: string;
  readonly steps: Map<string, string>;
}

/** Turns what runs are into what happened since the last look: each thing once, whatever comes twice or late. */
export class RunEvents {
  private readonly known = new Map<string, Known>();

  /** The events that a run's new state tells of, in the order of its reports. */
  take(run: RunResource): RunEvent[] {
    const { metadata, spec, status } = run;
    const version = versionOf(metadata.resourceVersion);
    const known = this.known.get(metadata.uid) ?? { version: -1n, started: false, state: '', steps: new Map() };
    if (version <= known.version) return [];
    this.known.set(metadata.uid, known);
    known.version = version;
    const common = { device: spec.device, run: metadata.name, deployment: spec.deployment };
    const events: RunEvent[] = [];
    if (!known.started && status.startedAt !== undefined) {
      known.started = true;
      const { startedAt: at, totalSteps: total } = status;
      events.push({ event: 'run-started', ...common, at, sequence: spec.sequence, total });
    }
    for (const step of status.steps.toSorted((a, b) => a.number - b.number)) {
      // That its run fell silent is no news of the step.
      const state = step.state === 'silent' ? 'running' : step.state;
      const now = `${state} ${step.attempt ?? 1} ${step.finishedAt ?? ''}`;
      if (known.steps.get(step.path) === now) continue;
      known.steps.set(step.path, now);
      events.push({ ...common, ...stepEvent(step) });
    }
    if (known.state !== status.state && status.state !== 'running') {
      const { state: result, finishedAt: at, startedAt, exitCode, message } = status;
      events.push({ event: 'run-finished', ...common, at, result, exitCode, startedAt, message });
    }
    known.state = status.state;
    return events;
  }
}

type StepEvent<Event> = Event extends RunEvent & { event: 'step-started' | 'step-finished' }
  ? Omit<Event, 'device' | 'run' | 'deployment'>
  : never;

function stepEvent(step: RunStep): StepEvent<RunEvent> {
  const { number, path, type: stepType, attempt, startedAt } = step;
  if (step.state === 'running' || step.state === 'silent')
    return { event: 'step-started', path, stepType, attempt, at: startedAt };
  const { state: outcome, reason, exitCode, continuedOnError, message, output, finishedAt: at } = step;
  return {
    event: 'step-finished',
    number,
    path,
    stepType,
    outcome,
    reason,
    exitCode,
    continuedOnError,
    attempt,
    at,
    startedAt,
    message,
    output,
  };
}

/** Versions grow with every write; one that is no number always counts as new. */
let unnumbered = 0n;
function versionOf(resourceVersion: string): bigint {
  return /^\d{1,30}$/.test(resourceVersion) ? BigInt(resourceVersion) : (unnumbered += 1n);
}
