import * as fc from 'fast-check';
import { advance, replay } from './advance.js';
import type { Condition } from './conditions/model.js';
import { type SequenceNode, isGroup, isStep } from './model.js';
import { stepReportSchema } from './report.js';
import type { Effect, Run, RunStarted } from './run.js';
import { SequenceEventError } from './sequence-event-error.js';
import { type SimulatedOutcome, simulate } from './simulate.js';
import { validateSequence } from './validate.js';

const start = (steps: SequenceNode[]): RunStarted => ({
  type: 'run-started',
  runId: 'r',
  sequence: { name: 's', spec: { steps } },
  variables: { device: { A: '1' }, collection: { S: { value: 'secret-text', secret: true } } },
  facts: { phase: 'FullOS' },
});
const one: SequenceNode = { step: 'a', type: 'RunCommandLine', settings: { command: 'x' } };

describe('advance', () => {
  it('throws a typed error for an event that does not fit and leaves the state alone', () => {
    const { run } = advance(undefined, start([one]), 't');
    const before = structuredClone(run);
    const wrong = [
      () => advance(undefined, { type: 'wait-elapsed' }, 't'),
      () => advance(run, start([one]), 't'),
      () => advance(run, { type: 'step-ended', position: 0, attempt: 1 }, 't'),
      () => advance(run, { type: 'step-started', position: 1, attempt: 1 }, 't'),
      () => advance(run, { type: 'step-started', position: 0, attempt: 2 }, 't'),
      () => advance(run, { type: 'interrupted', position: 0 }, 't'),
      () => advance(run, { type: 'restart-completed', phase: 'FullOS' }, 't'),
    ];
    for (const act of wrong) expect(act).toThrow(SequenceEventError);
    expect(run).toEqual(before);
  });

  it('ends a run that is told to stop once its step has ended, whatever continues on error', () => {
    let { run } = advance(undefined, start([{ group: 'G', continueOnError: true, steps: [one, one] }]), 't');
    ({ run } = advance(run, { type: 'step-started', position: 1, attempt: 1 }, 't'));
    ({ run } = advance(run, { type: 'stop-requested', reason: 'maximum run time' }, 't'));
    const { effects } = advance(
      run,
      { type: 'step-ended', position: 1, attempt: 1, error: { code: 'step.stopped', message: 'killed' } },
      't',
    );
    expect(effects.at(-1)).toMatchObject({ kind: 'finished', result: 'failed', code: 'run.stopped' });
    expect(effects.flatMap((e) => (e.kind === 'report' ? [e.report.reason] : []))).toEqual([
      'stopped',
      'run-stopped',
      undefined,
    ]);
  });

  it('ends a waiting run at once when it is told to stop', () => {
    const { run } = advance(undefined, start([one]), 't');
    expect(advance(run, { type: 'stop-requested', reason: 'x' }, 't').run.awaiting.kind).toBe('nothing');
  });
});

const nameArbitrary = fc.constantFrom('a', 'b', 'constructor', '__proto__', 'x/y');
const conditionArbitrary: fc.Arbitrary<Condition> = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      variable: fc.constantFrom('A', 'B', '_SMSTSLastActionSucceeded', 'constructor'),
      operator: fc.constantFrom(
        'equals' as const,
        'notEquals' as const,
        'greater' as const,
        'like' as const,
        'exists' as const,
      ),
      value: fc.constantFrom('1', '2', 'true', '*'),
    }),
    fc.record({ all: fc.array(tie('condition'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ any: fc.array(tie('condition'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ none: fc.array(tie('condition'), { minLength: 1, maxLength: 2 }) }),
  ),
})).condition;
const commonArbitrary = {
  disabled: fc.constantFrom(undefined, undefined, undefined, true),
  continueOnError: fc.boolean(),
  condition: fc.option(conditionArbitrary, { nil: undefined, freq: 3 }),
};
const compactNode = (node: object): SequenceNode => JSON.parse(JSON.stringify(node)) as SequenceNode;
const nodesArbitrary = fc.letrec<{ node: SequenceNode; nodes: SequenceNode[] }>((tie) => ({
  nodes: fc.array(tie('node'), { maxLength: 5 }),
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc
      .record({
        step: nameArbitrary,
        type: fc.constant('RunCommandLine'),
        ...commonArbitrary,
        settings: fc.record({ command: fc.constantFrom('x %A%', 'y "%B%" %S%') }),
        retry: fc.option(fc.record({ attempts: fc.integer({ min: 1, max: 3 }) }), { nil: undefined }),
        repeatable: fc.boolean(),
        runIn: fc.constantFrom(undefined, undefined, 'PE', 'FullOS'),
      })
      .map(compactNode),
    fc
      .record({
        step: nameArbitrary,
        type: fc.constant('SetTaskSequenceVariable'),
        ...commonArbitrary,
        settings: fc.record({
          name: fc.constantFrom('A', 'B', 'constructor'),
          value: fc.constantFrom('', '1', '2', '%A%x', '%S%'),
        }),
      })
      .map(compactNode),
    fc.record({ group: nameArbitrary, ...commonArbitrary, steps: tie('nodes') }).map(compactNode),
  ),
})).nodes;
const outcomesArbitrary = fc.infiniteStream(
  fc.constantFrom<SimulatedOutcome>(
    { exitCode: 0 },
    { exitCode: 0 },
    { exitCode: 1, output: 'the secret-text' },
    { exitCode: 3010 },
    { error: { code: 'step.timeout', message: 'secret-text' } },
    { exitCode: 0, assignments: [{ name: 'B', value: '1' }] },
    'interrupted',
  ),
);
const countSteps = (nodes: readonly SequenceNode[]): number =>
  nodes.reduce((count, node) => count + (isGroup(node) ? countSteps(node.steps) : isStep(node) ? 1 : 0), 0);

describe('random sequences', () => {
  it('always end, report every step exactly once with consecutive numbers, and never show a secret', () => {
    fc.assert(
      fc.property(nodesArbitrary, outcomesArbitrary, (steps, outcomes) => {
        expect(validateSequence({ steps })).toEqual([]);
        const result = simulate(start(steps), () => outcomes.next().value ?? { exitCode: 0 }, 't', {
          maximumEvents: 5000,
        });
        expect(result.finished).toBeDefined();
        const ends = result.reports.filter((report) => report.event === 'step-finished').map((report) => report.path);
        expect(new Set(ends).size).toBe(ends.length);
        expect(ends.length).toBe(countSteps(steps));
        expect(result.reports.map((report) => report.number)).toEqual(result.reports.map((_, index) => index + 1));
        for (const report of result.reports) stepReportSchema.parse(report);
        expect(JSON.stringify(result.reports)).not.toContain('secret-text');
      }),
      { numRuns: 400 },
    );
  });

  it('give the same state, reports and outstanding effects when any prefix of the journal is replayed', () => {
    fc.assert(
      fc.property(nodesArbitrary, outcomesArbitrary, (steps, outcomes) => {
        const { entries } = simulate(start(steps), () => outcomes.next().value ?? { exitCode: 0 }, 't', {
          maximumEvents: 200,
        });
        let run: Run | undefined;
        let owed: Effect[] = [];
        const reports: unknown[] = [];
        entries.forEach(({ event, at }, index) => {
          const next = advance(run, event, at);
          run = next.run;
          const others = next.effects.filter((effect) => effect.kind !== 'report');
          if (others.length > 0) owed = others;
          reports.push(...next.effects.flatMap((effect) => (effect.kind === 'report' ? [effect.report] : [])));
          const again = replay(JSON.parse(JSON.stringify(entries.slice(0, index + 1))));
          expect(again.run).toEqual(run);
          expect(JSON.parse(JSON.stringify(again.run))).toEqual(again.run);
          expect(again.effects).toEqual(owed);
          expect(again.reports).toEqual(reports);
        });
      }),
      { numRuns: 100 },
    );
  });
});
