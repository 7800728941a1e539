import type { SequenceNode } from '@muster/sequence/model.js';
import { simulateScenario } from './engine-answer.js';
import { both, coe, executed, group, lastFailed, ran, reasons, set, step, when } from './both.js';

type Condition = NonNullable<SequenceNode['condition']>;

/** Is a condition true where these variables of the device exist? Asked through a step that runs or does not. */
function holds(condition: Condition, device: Record<string, string> = {}): boolean {
  return ran(both([step('a', { condition })], {}, { device })) === 'a';
}

/** The vectors of the specification by their number; every answer is that of the engine and of the reference. */
describe('conformance vectors of the specification', () => {
  it('1: a group that continues on error abandons its rest, and only its rest', () => {
    const answer = both([group('G1', coe, step('a', coe), step('b'), step('c')), group('G2', {}, step('d'))], {
      a: 1,
      b: 1,
    });
    expect(ran(answer)).toBe('a b d');
    expect(reasons(answer)).toEqual({
      'G1/a': 'exit-code',
      'G1/b': 'exit-code',
      'G1/c': 'abandoned',
      'G2/d': 'succeeded',
    });
    expect(answer.result).toBe('succeeded');
  });

  it('2: without continue on error the run fails with the code of the step', () => {
    const answer = both([group('G1', {}, step('a')), step('b')], { a: 7 });
    expect(ran(answer)).toBe('a');
    expect(answer).toMatchObject({ result: 'failed', exitCode: 7, code: 'step.exit-code' });
    expect(reasons(answer)['b']).toBe('run-failed');
  });

  it('3: an outer group absorbs what its inner group does not', () => {
    const answer = both([group('P', coe, group('G', {}, step('a'), step('b')), step('c')), step('d')], { a: 1 });
    expect([ran(answer), answer.result]).toEqual(['a d', 'succeeded']);
    expect(reasons(answer)).toMatchObject({ 'P/G/b': 'abandoned', 'P/c': 'abandoned' });
  });

  it('4: the try/catch idiom runs the handler, whose first success flips the flag', () => {
    const answer = both([group('G', coe, step('a')), group('H', lastFailed, step('x'), step('y', lastFailed))], {
      a: 1,
    });
    expect([ran(answer), reasons(answer)['H/y']]).toEqual(['a x', 'condition-false']);
  });

  it('5: a disabled step does not touch the last-action variables', () => {
    const steps = [step('a'), step('b', { disabled: true }), step('c', when('_SMSTSLastActionSucceeded', 'true'))];
    expect(ran(both(steps))).toBe('a c');
  });

  it('6: a step skipped by its condition does not touch them either', () => {
    expect(ran(both([step('a', coe), step('b', when('X', '1')), step('c', lastFailed)], { a: 1 }))).toBe('a c');
  });

  it('7: a group decides its condition once, on entry', () => {
    expect(ran(both([set('X', '1'), group('G', when('X', '1'), set('X', '2'), step('b'))]))).toBe('b');
  });

  it('8: steps of a disabled group do not run and still count', () => {
    const answer = both([group('G', { disabled: true }, step('a'), step('b', { disabled: true })), step('c')]);
    expect([ran(answer), answer.total]).toEqual(['c', 2]);
    expect(reasons(answer)).toEqual({ 'G/a': 'disabled', 'G/b': 'disabled', c: 'succeeded' });
  });

  it('9: exit code 3010 restarts and goes on with the next step', () => {
    const answer = both([step('a'), step('b', when('_SMSTSLastActionRetCode', '3010'))], { a: 3010 });
    expect([ran(answer), answer.result]).toEqual(['a ^FullOS b', 'succeeded']);
  });

  it('9: so does 1641 where 3010 is a success, and neither where it is none', () => {
    expect(ran(both([step('a'), step('b')], { a: 1641 }))).toBe('a ^FullOS b');
    expect(ran(both([step('a', { successCodes: [3010] }), step('b')], { a: 1641 }))).toBe('a ^FullOS b');
    for (const exitCode of [3010, 1641])
      expect(both([step('a', { successCodes: [0] }), step('b')], { a: exitCode })).toMatchObject({
        result: 'failed',
        exitCode,
      });
  });

  it('10: the success codes of the step decide', () => {
    expect(both([step('a', { successCodes: [0, 5] })], { a: 5 }).result).toBe('succeeded');
  });

  it('11: reboot and retry requested: the same step runs again and both variables are gone', () => {
    const assignments = [
      { name: 'SMSTSRebootRequested', value: 'HD' },
      { name: 'SMSTSRetryRequested', value: 'yes' },
    ];
    const look = '%SMSTSRebootRequested%%SMSTSRetryRequested%';
    const steps = [step('a', { settings: { command: 'x', workingDirectory: `/${look}` } }), step('b')];
    const answer = both(steps, { a: [{ exitCode: 0, assignments }] });
    expect(ran(answer)).toBe('a ^FullOS a b');
    expect(executed(answer).slice(0, 2)).toMatchObject([{ workingDirectory: '/' }, { workingDirectory: '/' }]);
    expect(Object.keys(answer.variables).filter((name) => /requested/i.test(name))).toEqual([]);
  });

  it('12: retry requested without a reboot means nothing', () => {
    const answer = both([step('a'), step('b')], {
      a: [{ exitCode: 0, assignments: [{ name: 'SMSTSRetryRequested', value: '1' }] }],
    });
    expect(ran(answer)).toBe('a b');
    expect(answer.variables).not.toHaveProperty('smstsretryrequested');
  });

  it('12: and the report warns of it', () => {
    const { reports } = simulateScenario({
      spec: { steps: [step('a')] },
      children: {},
      phase: 'FullOS',
      readOnly: {},
      environment: {},
      outcomes: { a: [{ exitCode: 0, assignments: [{ name: 'SMSTSRetryRequested', value: '1' }] }] },
    });
    expect(reports.flatMap(({ warnings }) => warnings ?? [])).toEqual([
      'SMSTSRetryRequested means nothing without SMSTSRebootRequested',
    ]);
  });

  it('13: none is true only when no operand is', () => {
    const none: Condition = {
      none: [
        { variable: 'A', operator: 'equals', value: '1' },
        { variable: 'B', operator: 'equals', value: '1' },
      ],
    };
    expect([holds(none, { A: '0', B: '0' }), holds(none, { A: '1', B: '0' })]).toEqual([true, false]);
  });

  it('14: an undefined variable differs from everything but the empty text, and does not exist', () => {
    const tests: Condition[] = [
      { variable: 'X', operator: 'notEquals', value: 'true' },
      { variable: 'X', operator: 'equals', value: '' },
      { variable: 'X', operator: 'exists' },
    ];
    expect(tests.map((test) => holds(test))).toEqual([true, true, false]);
  });

  it('15: numbers compare as numbers only when both sides are', () => {
    const above = (value: string): boolean => holds({ variable: 'X', operator: 'greater', value }, { X: '10' });
    expect([above('9'), above('9a')]).toEqual([true, false]);
  });

  it('16: setting a variable to nothing deletes it, even one of the device', () => {
    const exists: Condition = { variable: 'x', operator: 'exists' };
    const answer = both([set('X', ''), step('a', { condition: exists })], {}, { device: { X: '1' } });
    expect(reasons(answer)['a']).toBe('condition-false');
  });

  it('17: a global variable overrides the setting of that name in every later step', () => {
    const answer = both([
      step('before', { settings: { command: 'x', workingDirectory: '/own' } }),
      set('workingdirectory', '/srv'),
      step('a', { settings: { command: 'x', workingDirectory: '/own' } }),
      step('b', { settings: { command: 'x', workingDirectory: '/other' } }),
    ]);
    const folders = ['/own', '/srv', '/srv'].map((workingDirectory) => ({ workingDirectory }));
    expect(executed(answer)).toMatchObject(folders);
  });

  it('18: a child sequence writes into the environment of its parent', () => {
    const answer = both(
      [{ sequence: 'child' }, step('a', when('Y', 'from child'))],
      {},
      { children: { child: { steps: [set('Y', 'from child')] } } },
    );
    expect(reasons(answer)).toEqual({ 'child/set Y': 'succeeded', a: 'succeeded' });
  });

  it('19: a disabled child fails the run although its pointer continues on error', () => {
    const answer = both(
      [step('a'), { sequence: 'child', ...coe }],
      {},
      { children: { child: { enabled: false, steps: [] } } },
    );
    expect([ran(answer), answer.result, answer.code]).toEqual(['', 'failed', 'sequence.child-disabled']);
  });

  // That the processes are really killed, the whole tree: vectors.int-spec.ts.
  it('23: an expired timeout fails the step with a code of its own', () => {
    const answer = both([step('a')], {
      a: [{ error: { code: 'step.timeout', message: 'killed after 5 s' }, exitCode: 124 }],
    });
    expect(reasons(answer)).toEqual({ a: 'timeout' });
    expect(answer).toMatchObject({ result: 'failed', exitCode: 124, code: 'step.timeout' });
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
  it.each(cases)('step %s, group %s, outer group %s: runs "%s", %s', (s, g, p, expected, result) => {
    const inner = group('G', { continueOnError: g }, step('s', { continueOnError: s }), step('inG'));
    const answer = both([group('P', { continueOnError: p }, inner, step('inP')), step('next')], { s: 9 });
    expect([ran(answer), answer.result]).toEqual([expected, result]);
    const continued = answer.facts.some((fact) => 'continuedOnError' in fact && fact.continuedOnError);
    expect(continued).toBe(result === 'succeeded');
  });

  it.each([
    [true, 's next', 'succeeded'],
    [false, 's', 'failed'],
  ])('a step directly under the root, %s: runs "%s", %s', (s, expected, result) => {
    const answer = both([step('s', { continueOnError: s }), step('next')], { s: 9 });
    expect([ran(answer), answer.result]).toEqual([expected, result]);
  });

  it('runs the worked case of the specification', () => {
    const answer = both(
      [group('1', coe, step('1', coe), step('2'), step('3')), group('2', {}, step('4'), step('5'), step('6'))],
      { '1': 1, '2': 1, '4': 4 },
    );
    expect([ran(answer), answer.result, answer.exitCode]).toEqual(['1 2 4', 'failed', 4]);
  });
});
