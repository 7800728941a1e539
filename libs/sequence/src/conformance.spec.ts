import type { SequenceNode, SequenceSpec } from './model.js';
import { validateSequence } from './validate.js';
import type { RunStarted } from './run.js';
import { type Simulation, type SimulatedOutcome, simulate } from './simulate.js';
import { readVariable } from './variables.js';
import { evaluateCondition } from './conditions/evaluate.js';
import { evaluateVariable } from './conditions/variable-expression.js';

type Common = Partial<Pick<SequenceNode, 'continueOnError' | 'condition' | 'disabled'>>;
const coe = { continueOnError: true };
const step = (name: string, more: Common & Record<string, unknown> = {}): SequenceNode => ({
  step: name,
  type: 'RunCommandLine',
  settings: { command: `do ${name}` },
  ...more,
});
const set = (name: string, value: string, more: Record<string, unknown> = {}): SequenceNode => ({
  step: `set ${name}`,
  type: 'SetTaskSequenceVariable',
  settings: { name, value, ...more },
});
const group = (name: string, more: Common, ...steps: SequenceNode[]): SequenceNode => ({ group: name, ...more, steps });
const when = (variable: string, value: string) => ({ condition: { variable, operator: 'equals' as const, value } });
const lastFailed = when('_SMSTSLastActionSucceeded', 'false');

function startEvent(spec: SequenceSpec, more: Partial<RunStarted> = {}): RunStarted {
  return {
    type: 'run-started',
    runId: 'r1',
    sequence: { name: 'main', spec },
    variables: {},
    facts: { phase: 'FullOS' },
    ...more,
  };
}

/** Runs with outcomes by step name; a number is an exit code, a list is used in order, its last repeats. */
function run(
  steps: SequenceNode[],
  outcomes: Record<string, number | SimulatedOutcome[]> = {},
  more: Partial<RunStarted> = {},
): Simulation {
  expect(validateSequence({ steps })).toEqual([]);
  const used = new Map<string, number>();
  return simulate(
    startEvent({ steps }, more),
    ({ name }) => {
      const outcome = outcomes[name];
      if (!Array.isArray(outcome)) return { exitCode: outcome ?? 0 };
      const index = used.get(name) ?? 0;
      used.set(name, index + 1);
      return outcome[Math.min(index, outcome.length - 1)] ?? { exitCode: 0 };
    },
    '2026-01-01T00:00:00.000Z',
    { maximumEvents: 10_000 },
  );
}

const ran = (simulation: Simulation): string => simulation.executed.map((effect) => effect.name).join(' ');
const reasons = (simulation: Simulation): Record<string, string> =>
  Object.fromEntries(
    simulation.reports
      .filter((r) => r.event === 'step-finished')
      .map((r) => [r.path ?? '', r.reason ?? r.outcome ?? '']),
  );

describe('conformance vectors of the specification', () => {
  it('1: a group that continues on error abandons its rest, and only its rest', () => {
    const result = run([group('G1', coe, step('a', coe), step('b'), step('c')), group('G2', {}, step('d'))], {
      a: 1,
      b: 1,
    });
    expect(ran(result)).toBe('a b d');
    expect(reasons(result)).toEqual({
      'G1/a': 'exit-code',
      'G1/b': 'exit-code',
      'G1/c': 'abandoned',
      'G2/d': 'succeeded',
    });
    expect(result.finished?.result).toBe('succeeded');
  });
  it('2: without continue on error the run fails with the code of the step', () => {
    const result = run([group('G1', {}, step('a')), step('b')], { a: 7 });
    expect(ran(result)).toBe('a');
    expect(result.finished).toMatchObject({ result: 'failed', exitCode: 7, code: 'step.exit-code' });
    expect(reasons(result)['b']).toBe('run-failed');
  });
  it('3: an outer group absorbs what its inner group does not', () => {
    const result = run([group('P', coe, group('G', {}, step('a'), step('b')), step('c')), step('d')], { a: 1 });
    expect(ran(result)).toBe('a d');
    expect(result.finished?.result).toBe('succeeded');
  });
  it('4: the try/catch idiom runs the handler, whose first success flips the flag', () => {
    const result = run([group('G', coe, step('a')), group('H', lastFailed, step('x'), step('y', lastFailed))], {
      a: 1,
    });
    expect(ran(result)).toBe('a x');
    expect(reasons(result)['H/y']).toBe('condition-false');
  });
  it('5: a disabled step does not touch the last-action variables', () => {
    expect(
      ran(run([step('a'), step('b', { disabled: true }), step('c', when('_SMSTSLastActionSucceeded', 'true'))])),
    ).toBe('a c');
  });
  it('6: a step skipped by its condition does not touch them either', () => {
    expect(ran(run([step('a', coe), step('b', when('X', '1')), step('c', lastFailed)], { a: 1 }))).toBe('a c');
  });
  it('7: a group decides its condition once, on entry', () => {
    const result = run([set('X', '1'), group('G', when('X', '1'), set('X', '2'), step('b'))]);
    expect(ran(result)).toBe('b');
  });
  it('8: steps of a disabled group do not run and still count', () => {
    const result = run([group('G', { disabled: true }, step('a'), step('b', { disabled: true })), step('c')]);
    expect(ran(result)).toBe('c');
    expect(result.reports[0]).toMatchObject({ event: 'run-started', total: 2 });
    expect(reasons(result)).toEqual({ 'G/a': 'disabled', 'G/b': 'disabled', c: 'succeeded' });
  });
  it('9: exit code 3010 restarts and goes on with the next step', () => {
    const result = run([step('a'), step('b', when('_SMSTSLastActionRetCode', '3010'))], { a: 3010 });
    expect([ran(result), result.restarts, result.finished?.result]).toEqual(['a b', 1, 'succeeded']);
    expect(result.reports.filter((r) => r.event === 'run-finished').map((r) => r.result)).toEqual([
      'restart-pending',
      'succeeded',
    ]);
  });
  it('10: the success codes of the step decide', () => {
    expect(run([step('a', { successCodes: [0, 5] })], { a: 5 }).finished?.result).toBe('succeeded');
  });
  it('11: reboot and retry requested: the same step runs again and both variables are gone', () => {
    const assignments = [
      { name: 'SMSTSRebootRequested', value: 'HD' },
      { name: 'SMSTSRetryRequested', value: 'yes' },
    ];
    const seen: unknown[] = [];
    const result = simulate(
      startEvent({ steps: [step('a'), step('b')] }),
      (effect, state) => {
        if (effect.name === 'b') return { exitCode: 0 };
        seen.push([
          readVariable(state.variables, 'SMSTSRebootRequested'),
          readVariable(state.variables, 'SMSTSRetryRequested'),
        ]);
        return seen.length === 1 ? { exitCode: 0, assignments } : { exitCode: 0 };
      },
      'now',
    );
    expect([ran(result), result.restarts]).toEqual(['a a b', 1]);
    expect(seen).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });
  it('12: retry requested without a reboot means nothing', () => {
    const result = run([step('a'), step('b')], {
      a: [{ exitCode: 0, assignments: [{ name: 'SMSTSRetryRequested', value: '1' }] }],
    });
    expect([ran(result), result.restarts]).toEqual(['a b', 0]);
  });
  it('13: none is true only when no operand is', () => {
    const is = (A: string, B: string) =>
      evaluateCondition(
        {
          none: [
            { variable: 'A', operator: 'equals', value: '1' },
            { variable: 'B', operator: 'equals', value: '1' },
          ],
        },
        { read: (name) => (name === 'A' ? A : B) },
      );
    expect([is('0', '0'), is('1', '0')]).toEqual([true, false]);
  });
  it('14: an undefined variable differs from everything but the empty text, and does not exist', () => {
    const test = (operator: 'notEquals' | 'equals' | 'exists', value?: string): boolean =>
      evaluateVariable({ variable: 'X', operator, value }, undefined);
    expect([test('notEquals', 'true'), test('equals', ''), test('exists')]).toEqual([true, true, false]);
  });
  it('15: numbers compare as numbers only when both sides are', () => {
    const test = (value: string): boolean => evaluateVariable({ variable: 'X', operator: 'greater', value }, '10');
    expect([test('9'), test('9a')]).toEqual([true, false]);
  });
  it('16: setting a variable to nothing deletes it, even one of the device', () => {
    const result = run(
      [set('X', ''), step('a', { condition: { variable: 'x', operator: 'exists' } })],
      {},
      { variables: { device: { X: '1' } } },
    );
    expect(reasons(result)['a']).toBe('condition-false');
  });
  it('17: a global variable overrides the setting of that name in every later step', () => {
    const result = run([
      step('before', { settings: { command: 'x', workingDirectory: '/own' } }),
      set('workingdirectory', '/srv'),
      step('a', { settings: { command: 'x', workingDirectory: '/own' } }),
      step('b', { settings: { command: 'x', workingDirectory: '/other' } }),
    ]);
    expect(result.executed.map((e) => (e.settings as { workingDirectory: string }).workingDirectory)).toEqual([
      '/own',
      '/srv',
      '/srv',
    ]);
  });
  it('18: a child sequence writes into the environment of its parent', () => {
    const result = run(
      [{ sequence: 'child' }, step('a', when('Y', 'from child'))],
      {},
      { children: { child: { steps: [set('Y', 'from child')] } } },
    );
    expect(reasons(result)).toEqual({ 'child/set Y': 'succeeded', a: 'succeeded' });
  });
  it('19: a disabled child fails the run although its pointer continues on error', () => {
    const result = run(
      [step('a'), { sequence: 'child', ...coe }],
      {},
      { children: { child: { enabled: false, steps: [] } } },
    );
    expect([ran(result), result.finished?.code]).toEqual(['', 'sequence.child-disabled']);
  });
  it('23: an expired timeout fails the step with a code of its own', () => {
    const result = run([step('a')], {
      a: [{ error: { code: 'step.timeout', message: 'killed after 5 s' }, exitCode: 124 }],
    });
    expect(result.reports.find((r) => r.outcome)).toMatchObject({
      outcome: 'failed',
      reason: 'timeout',
      code: 'step.timeout',
    });
    expect(result.finished).toMatchObject({ result: 'failed', exitCode: 124 });
  });
  it('24: a failure marked as not absorbable ends the run in spite of continue on error', () => {
    const error = { code: 'restart.no-volume', message: 'nowhere to persist', ignoreContinueOnError: true };
    const result = run([group('G', coe, step('a', coe)), step('b')], { a: [{ error }] });
    expect([ran(result), result.finished?.code]).toEqual(['a', 'restart.no-volume']);
  });
});

describe('continue on error, row by row', () => {
  const cases: [boolean, boolean, boolean, string, string][] = [
    [true, false, false, 's inG inP next', 'succeeded'],
    [true, true, false, 's inG inP next', 'succeeded'],
    [true, true, true, 's inG inP next', 'succeeded'],
    [true, false, true, 's inG inP next', 'succeeded'],
    [false, true, false, 's inP next', 'succeeded'],
    [false, true, true, 's inP next', 'succeeded'],
    [false, false, true, 's next', 'succeeded'],
    [false, false, false, 's', 'failed'],
  ];
  it.each(cases)('step %s, group %s, outer group %s: runs "%s", %s', (s, g, p, expected, outcome) => {
    const steps = [
      group(
        'P',
        { continueOnError: p },
        group('G', { continueOnError: g }, step('s', { continueOnError: s }), step('inG')),
        step('inP'),
      ),
      step('next'),
    ];
    const result = run(steps, { s: 9 });
    expect([ran(result), result.finished?.result]).toEqual([expected, outcome]);
    expect(result.reports.find((r) => r.outcome === 'failed')?.continuedOnError).toBe(
      outcome === 'succeeded' ? true : undefined,
    );
  });
  it.each([
    [true, 's next', 'succeeded'],
    [false, 's', 'failed'],
  ])('a step directly under the root, %s: runs "%s", %s', (s, expected, outcome) => {
    const result = run([step('s', { continueOnError: s }), step('next')], { s: 9 });
    expect([ran(result), result.finished?.result]).toEqual([expected, outcome]);
  });
  it('runs the worked case of the specification', () => {
    const result = run(
      [group('1', coe, step('1', coe), step('2'), step('3')), group('2', {}, step('4'), step('5'), step('6'))],
      { '1': 1, '2': 1, '4': 4 },
    );
    expect([ran(result), result.finished?.result, result.finished?.exitCode]).toEqual(['1 2 4', 'failed', 4]);
  });
});

describe('steps', () => {
  it('tries again with a doubled pause and reports the end once', () => {
    const result = run([step('a', { retry: { attempts: 3, backoffSeconds: 5 } })], {
      a: [{ exitCode: 1 }, { exitCode: 1 }, { exitCode: 0 }],
    });
    expect(result.executed.map((e) => e.attempt)).toEqual([1, 2, 3]);
    expect(result.reports.filter((r) => r.event === 'step-finished')).toMatchObject([
      { outcome: 'succeeded', attempt: 3 },
    ]);
  });
  it('fails after the last try', () => {
    const result = run([step('a', { retry: { attempts: 2 } })], { a: 3 });
    expect([ran(result), result.finished?.exitCode]).toEqual(['a a', 3]);
  });
  it('fails an interrupted step that is not repeatable with a code of its own, which continue on error absorbs', () => {
    const result = run([step('a', coe), step('b')], { a: ['interrupted'] });
    expect(ran(result)).toBe('a b');
    expect(result.reports.find((r) => r.outcome === 'failed')).toMatchObject({
      reason: 'interrupted',
      code: 'step.interrupted',
    });
  });
  it('runs an interrupted repeatable step again, but not for ever', () => {
    expect(ran(run([step('a', { repeatable: true })], { a: ['interrupted', { exitCode: 0 }] }))).toBe('a a');
    const endless = run([step('a', { repeatable: true })], { a: ['interrupted'] });
    expect([endless.executed.length, endless.finished?.code]).toEqual([6, 'step.interrupted']);
  });
  it('fails a step in the wrong environment without executing it', () => {
    const result = run([step('a', { runIn: 'PE', ...coe }), step('b')]);
    expect([ran(result), reasons(result)['a']]).toEqual(['b', 'wrong-environment']);
  });
  it('refuses to write a read-only name that only shows after replacing variables', () => {
    const result = run([set('%TARGET%', 'x')], {}, { variables: { device: { TARGET: '_SMSTSInWinPE' } } });
    expect(result.finished?.code).toBe('variable.read-only');
  });
  it('masks secrets in reports, also those that were made from other secrets', () => {
    const result = run(
      [set('Derived', 'pw=%Password%'), step('a', { settings: { command: 'login %Derived%' } })],
      { a: [{ exitCode: 1, output: 'bad pw=hunter2 or hunter2', error: { code: 'x.y', message: 'hunter2 refused' } }] },
      { variables: { device: { Password: { value: 'hunter2', secret: true } } } },
    );
    expect(JSON.stringify([result.reports, result.finished])).not.toContain('hunter2');
    expect(result.executed[0]?.settings).toMatchObject({ arguments: ['pw=hunter2'] });
    expect(readVariable(result.run.variables, 'derived')?.secret).toBe(true);
  });
  it('gives nodes of the same name paths of their own', () => {
    const result = run([group('G', {}, step('a'), step('a')), group('G', {}, step('a')), step('G/a')]);
    expect(Object.keys(reasons(result))).toEqual(['G/a', 'G/a (2)', 'G (2)/a', 'G/a (3)']);
  });
});

describe('sequences that cannot start', () => {
  it.each([
    ['sequence.disabled', { enabled: false, steps: [step('a')] }, {}],
    ['sequence.child-missing', { steps: [{ sequence: 'x' }] }, {}],
    ['sequence.cycle', { steps: [{ sequence: 'x' }] }, { x: { steps: [{ sequence: 'main' }] } }],
  ])('%s: fails before the first step', (code, spec, children) => {
    const result = simulate(startEvent(spec, { children }), () => ({ exitCode: 0 }), 'now');
    expect([result.executed.length, result.finished?.code]).toEqual([0, code]);
  });
  it('does not ask for a child behind a disabled pointer', () => {
    expect(run([{ sequence: 'x', disabled: true }, step('a')]).finished?.result).toBe('succeeded');
  });
});
