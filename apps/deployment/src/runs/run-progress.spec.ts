import { runStepSchema } from '@muster/contracts/kinds/run.js';
import type { StepReport } from '@muster/sequence/report.js';
import * as fc from 'fast-check';
import {
  applyReports,
  NOTHING_HEARD,
  runState,
  toRunStep,
  type RunProgress,
  type StepProgress,
} from './run-progress.js';

const RUN = '0198a000-0000-7000-8000-000000000001';

function report(number: number, fields: Partial<StepReport> & Pick<StepReport, 'event'>): StepReport {
  return { runId: RUN, number, at: new Date(1_760_000_000_000 + number * 1000).toISOString(), ...fields };
}

const started = (number: number, path: string, attempt = 1) =>
  report(number, { event: 'step-started', path, stepType: 'RunCommandLine', attempt });
const finished = (number: number, path: string, fields: Partial<StepReport> = {}) =>
  report(number, {
    event: 'step-finished',
    path,
    stepType: 'RunCommandLine',
    outcome: 'succeeded',
    exitCode: 0,
    ...fields,
  });

/** Applies batches as they arrive, keeping what is known in between. */
function tell(batches: readonly (readonly StepReport[])[]) {
  let run: RunProgress = NOTHING_HEARD;
  const steps = new Map<string, StepProgress>();
  const states = [];
  for (const batch of batches) {
    const result = applyReports(run, steps, batch);
    run = result.run;
    for (const [path, step] of result.changed) steps.set(path, step);
    states.push(runState(run));
  }
  const inOrder = [...steps.values()].sort((a, b) => a.number - b.number);
  return { run, state: runState(run), steps: inOrder.map(toRunStep), states };
}

const COMPLETE = [
  report(1, { event: 'run-started', total: 3 }),
  started(2, 'Prepare/One'),
  finished(3, 'Prepare/One'),
  started(4, 'Two', 1),
  started(5, 'Two', 2),
  finished(6, 'Two', {
    outcome: 'failed',
    reason: 'exit-code',
    exitCode: 7,
    attempt: 2,
    continuedOnError: true,
    output: 'no',
  }),
  finished(7, 'Three', { outcome: 'skipped', reason: 'condition-false', exitCode: undefined }),
  report(8, { event: 'run-finished', result: 'succeeded', exitCode: 0 }),
];

describe('the run that reports tell of', () => {
  it('has each step exactly once, start and end merged, in the order of the reports', () => {
    const { steps, state, run } = tell([COMPLETE]);
    expect(state).toBe('succeeded');
    expect(run).toMatchObject({ totalSteps: 3, lastNumber: 8, end: { exitCode: 0 } });
    expect(steps.map(({ number, path, state: outcome, attempt }) => [number, path, outcome, attempt])).toEqual([
      [2, 'Prepare/One', 'succeeded', 1],
      [4, 'Two', 'failed', 2],
      [7, 'Three', 'skipped', undefined],
    ]);
    expect(steps[1]).toMatchObject({
      exitCode: 7,
      continuedOnError: true,
      output: 'no',
      startedAt: COMPLETE[3]!.at,
      finishedAt: COMPLETE[5]!.at,
    });
    for (const step of steps) expect(runStepSchema.safeParse(step).success).toBe(true);
  });

  it('shows a step as running between its start and its end, and again when it is repeated after a restart', () => {
    const again = [
      report(1, { event: 'run-started', total: 1 }),
      started(2, 'One'),
      finished(3, 'One'),
      report(4, { event: 'run-finished', result: 'restart-pending', exitCode: 3010 }),
    ];
    expect(tell([again.slice(0, 2)]).steps[0]?.state).toBe('running');
    const waiting = tell([again]);
    expect([waiting.state, waiting.steps[0]?.state]).toEqual(['restart-pending', 'succeeded']);
    const repeated = tell([[...again, started(5, 'One')]]);
    expect([repeated.state, repeated.steps[0]?.state, repeated.steps[0]?.exitCode]).toEqual([
      'running',
      'running',
      undefined,
    ]);
    const over = tell([[...again, started(5, 'One'), finished(6, 'One', { exitCode: 3 })]]);
    expect(over.steps).toHaveLength(1);
    expect(over.steps[0]).toMatchObject({ number: 2, state: 'succeeded', exitCode: 3, startedAt: again[1]!.at });
  });

  it('stays ended whatever comes late', () => {
    const { states } = tell([[COMPLETE[7]!], ...COMPLETE.map((one) => [one])]);
    expect(new Set(states)).toEqual(new Set(['succeeded']));
  });

  it('ignores a time that is none, and keeps the rest', () => {
    const { steps } = tell([[{ ...started(2, 'One'), at: 'yesterday' }]]);
    expect(steps[0]).toEqual({ number: 2, path: 'One', type: 'RunCommandLine', state: 'running', attempt: 1 });
  });

  it('changes nothing when it hears again what it knows', () => {
    const steps = new Map<string, StepProgress>();
    const first = applyReports(NOTHING_HEARD, steps, COMPLETE);
    const second = applyReports(first.run, first.changed, COMPLETE);
    expect(second.run).toEqual(first.run);
    expect(second.changed.size).toBe(0);
  });

  it('is the same for any order, any batches and any duplication of its reports', () => {
    const event = fc.record({
      kind: fc.constantFrom('start', 'end', 'skip', 'restart'),
      step: fc.integer({ min: 0, max: 5 }),
      attempt: fc.integer({ min: 1, max: 3 }),
      code: fc.integer(),
    });
    const history = fc
      .tuple(fc.array(event, { maxLength: 25 }), fc.constantFrom('succeeded', 'failed', undefined))
      .map(([events, result]) => {
        const reports: StepReport[] = [report(1, { event: 'run-started', total: 6 })];
        for (const { kind, step, attempt, code } of events) {
          const number = reports.length + 1;
          const path = `Group/Step ${step}`;
          if (kind === 'start') reports.push(started(number, path, attempt));
          else if (kind === 'end')
            reports.push(
              finished(number, path, { attempt, exitCode: code, outcome: code % 2 ? 'failed' : 'succeeded' }),
            );
          else if (kind === 'skip') reports.push(finished(number, path, { outcome: 'skipped', reason: 'disabled' }));
          else reports.push(report(number, { event: 'run-finished', result: 'restart-pending', exitCode: 3010 }));
        }
        if (result)
          reports.push(report(reports.length + 1, { event: 'run-finished', result, exitCode: 1, message: 'over' }));
        return reports;
      });
    const shuffled = history.chain((reports) =>
      fc.record({
        reports: fc.constant(reports),
        // Every report at least once, some again, in any order.
        arrived: fc.array(fc.integer({ min: 0, max: reports.length - 1 }), { maxLength: 20 }).chain((again) => {
          const all = [...reports.keys(), ...again];
          return fc
            .shuffledSubarray([...all.keys()], { minLength: all.length })
            .map((order) => order.map((at) => reports[all[at]!]!));
        }),
        cut: fc.integer({ min: 1, max: 10 }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ reports, arrived, cut }) => {
        const batches = [];
        for (let from = 0; from < arrived.length; from += cut) batches.push(arrived.slice(from, from + cut));
        const straight = tell([reports]);
        const crooked = tell(batches);
        expect([crooked.run, crooked.steps, crooked.state]).toEqual([straight.run, straight.steps, straight.state]);
        expect(new Set(crooked.steps.map(({ number }) => number)).size).toBe(crooked.steps.length);
        const end = crooked.states.findIndex((state) => state === 'succeeded' || state === 'failed');
        if (end >= 0) expect(new Set(crooked.states.slice(end)).size).toBe(1);
      }),
      { numRuns: 500 },
    );
  });
});
