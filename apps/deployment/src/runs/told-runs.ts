import type { runReported } from '@muster/contracts/events/run-reported.js';
import type { RunStep } from '@muster/contracts/kinds/run.js';
import { MusterError } from '@muster/platform/errors.js';
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { applyReports, NOTHING_HEARD, toRunStep, type RunProgress, type StepProgress } from './run-progress.js';

/** A fact: reports of one run. */
export type Reported = z.infer<typeof runReported.payload>;

/** A run as it is kept. */
export interface KnownRun {
  readonly deviceUid: string;
  readonly deploymentUid: string;
  readonly progress: RunProgress;
  readonly steps: readonly StepProgress[];
}

/** What one fact changed, as the run was then. */
export interface Telling {
  readonly uid: string;
  readonly progress: RunProgress;
  /** Its steps, when this fact gave the run an end, or another one. */
  readonly ended?: readonly RunStep[];
}

/** A run with what facts add to it. All uids are in small letters. */
export class ToldRun {
  readonly deviceUid: string;
  readonly deploymentUid: string;
  readonly changed = new Map<string, StepProgress>();
  private readonly steps: Map<string, StepProgress>;
  private readonly knownPaths: ReadonlySet<string>;
  private now: RunProgress;

  /** @param known undefined: this is the first that is heard of it */
  constructor(
    readonly uid: string,
    /** The fact that it began with here. */
    readonly first: Reported,
    private readonly known: KnownRun | undefined,
  ) {
    this.deviceUid = known?.deviceUid ?? first.deviceUid.toLowerCase();
    this.deploymentUid = known?.deploymentUid ?? first.deploymentUid.toLowerCase();
    this.now = this.before;
    this.steps = new Map(known?.steps.map((step) => [step.path, step]));
    this.knownPaths = new Set(this.steps.keys());
  }

  get isNew(): boolean {
    return this.known === undefined;
  }

  /** Was it known before? */
  readonly hasStep = (path: string): boolean => this.knownPaths.has(path);

  get before(): RunProgress {
    return this.known?.progress ?? NOTHING_HEARD;
  }

  get progress(): RunProgress {
    return this.now;
  }

  /**
   * Undefined: nothing new.
   *
   * @throws MusterError `run.not-yours` when another device or deployment owns the run
   */
  add({ deviceUid, deploymentUid, reports }: Reported): Telling | undefined {
    const { uid } = this;
    if (deviceUid.toLowerCase() !== this.deviceUid || deploymentUid.toLowerCase() !== this.deploymentUid) {
      throw new MusterError(
        'forbidden',
        'run.not-yours',
        `Run ${uid} belongs to device ${this.deviceUid} and deployment ${this.deploymentUid}; device ${deviceUid} reported on it for deployment ${deploymentUid}`,
      );
    }
    const before = this.now;
    const { run: progress, changed } = applyReports(before, this.steps, reports);
    if (changed.size === 0 && isDeepStrictEqual(progress, before)) return undefined;
    this.now = progress;
    for (const [path, step] of changed) {
      this.steps.set(path, step);
      this.changed.set(path, step);
    }
    if (progress.end?.result === before.end?.result) return { uid, progress };
    return { uid, progress, ended: [...this.steps.values()].sort((a, b) => a.number - b.number).map(toRunStep) };
  }
}

/**
 * Adds facts to their runs, in order: what they make of the runs is the same whether they come one by one or together.
 *
 * @throws MusterError `run.not-yours` when another device or deployment owns a run; nothing is to be kept then
 */
export function tellRuns(
  facts: readonly Reported[],
  known: ReadonlyMap<string, KnownRun>,
): { runs: ToldRun[]; tellings: Telling[] } {
  const runs = new Map<string, ToldRun>();
  const tellings: Telling[] = [];
  for (const fact of facts) {
    const uid = fact.runId.toLowerCase();
    const run = runs.get(uid) ?? new ToldRun(uid, fact, known.get(uid));
    runs.set(uid, run);
    const telling = run.add(fact);
    if (telling) tellings.push(telling);
  }
  const changed = new Set(tellings.map(({ uid }) => uid));
  return { runs: [...runs.values()].filter(({ uid }) => changed.has(uid)), tellings };
}
