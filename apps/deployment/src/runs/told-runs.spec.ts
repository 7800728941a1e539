import type { StepReport } from '@muster/sequence/report.js';
import * as fc from 'fast-check';
import { toRunStep, type StepProgress } from './run-progress.js';
import { tellRuns, type KnownRun, type Reported, type Telling } from './told-runs.js';

const DEPLOYMENT = '0198a000-0000-7000-8000-00000000000d';
const uid = (nth: number): string => `0198a000-0000-7000-8000-00000000000${nth}`;

/** What a site keeps: applies batches as they come, remembering in between what the database would. */
function keep(batches: readonly (readonly Reported[])[]) {
  const known = new Map<string, KnownRun>();
  const told: Telling[] = [];
  for (const batch of batches) {
    const { runs, tellings } = tellRuns(batch, known);
    told.push(...tellings);
    for (const { uid: run, deviceUid, deploymentUid, progress, changed } of runs) {
      const steps = new Map<string, StepProgress>(known.get(run)?.steps.map((step) => [step.path, step]));
      for (const [path, step] of changed) steps.set(path, step);
      known.set(run, { deviceUid, deploymentUid, progress, steps: [...steps.values()] });
    }
  }
  const runs = [...known].map(([run, { steps, ...rest }]) => ({
    run,
    ...rest,
    steps: steps.map(toRunStep).sort((one, other) => one.number - other.number),
  }));
  return { runs, told };
}

const report = fc.record({
  event: fc.constantFrom('step-started', 'step-finished', 'run-finished' as const),
  number: fc.integer({ min: 1, max: 12 }),
  step: fc.integer({ min: 0, max: 3 }),
  outcome: fc.constantFrom('succeeded', 'failed' as const),
  result: fc.constantFrom('succeeded', 'failed', 'restart-pending' as const),
});
const fact = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.array(report, { minLength: 1, maxLength: 4 }))
  .map(([run, reports]): Reported => ({
    deviceUid: uid(run),
    deploymentUid: DEPLOYMENT,
    runId: uid(run),
    reports: reports.map(({ event, number, step, outcome, result }): StepReport => {
      const common = { event, number, runId: uid(run), at: '2026-11-21T12:00:00Z' };
      return event === 'run-finished' ? { ...common, result } : { ...common, path: `Step ${step}`, outcome };
    }),
  }));
/** A history, and how it is cut into batches. */
const history = fc.record({
  facts: fc.array(fact, { minLength: 1, maxLength: 20 }),
  cuts: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 20, maxLength: 20 }),
});

describe('facts of runs', () => {
  it('make the same runs, and tell the same of each, one by one and in batches of any size', () => {
    fc.assert(
      fc.property(history, ({ facts, cuts }) => {
        const batches: Reported[][] = [];
        for (let from = 0; from < facts.length; from += cuts[batches.length - 1] ?? 1)
          batches.push(facts.slice(from, from + (cuts[batches.length] ?? 1)));
        expect(batches.flat()).toEqual(facts);
        expect(keep(batches)).toEqual(keep(facts.map((one) => [one])));
        expect(keep([facts])).toEqual(keep(facts.map((one) => [one])));
      }),
      { numRuns: 100 },
    );
  });

  it('are refused together when one is of a run of another device', () => {
    const mine: Reported = {
      deviceUid: uid(1),
      deploymentUid: DEPLOYMENT,
      runId: uid(1),
      reports: [{ event: 'run-started', number: 1, runId: uid(1), at: '2026-11-21T12:00:00Z' }],
    };
    expect(() => tellRuns([mine, { ...mine, deviceUid: uid(2) }], new Map())).toThrow(
      expect.objectContaining({ code: 'run.not-yours' }),
    );
  });
});
