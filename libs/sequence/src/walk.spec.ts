import { advance, replay } from './advance.js';
import type { Condition, ProbeAnswer, WorldExpression } from './conditions/model.js';
import type { SequenceNode, SequenceSpec } from './model.js';
import type { Effect, JournalEntry, Run, RunStarted } from './run.js';
import { SequenceEventError } from './sequence-event-error.js';
import { simulate } from './simulate.js';
import { validateSequence } from './validate.js';

const step = (name: string, more: Partial<SequenceNode> = {}): SequenceNode => ({
  step: name,
  type: 'RunCommandLine',
  settings: { command: 'true' },
  ...more,
});
const set = (name: string, value: string): SequenceNode => ({
  step: `set ${name}`,
  type: 'SetTaskSequenceVariable',
  settings: { name, value },
});
function started(steps: SequenceNode[], more: Partial<SequenceSpec> = {}): RunStarted {
  const spec = { ...more, steps };
  expect(validateSequence(spec).filter(({ severity }) => severity === 'error')).toEqual([]);
  return {
    type: 'run-started',
    runId: 'r',
    sequence: { name: 's', spec },
    variables: { device: { Folder: '/srv', Ring: 'pilot' }, collection: { Key: { value: 'hush-hush', secret: true } } },
    facts: { phase: 'FullOS', environment: {} },
  };
}
const broken: ProbeAnswer = { error: { code: 'condition.probe-failed', message: 'the disk of hush-hush hangs' } };
/** A computer on which /srv/yes is there, /srv/no is not, and nobody can tell of anything else. */
function computer(asked: WorldExpression[] = []): (question: WorldExpression) => ProbeAnswer {
  return (question) => {
    asked.push(question);
    if (!('file' in question)) return broken;
    return question.file === '/srv/yes' ? { result: true } : question.file === '/srv/no' ? { result: false } : broken;
  };
}
const yes: Condition = { file: '%Folder%/yes' };
const no: Condition = { file: '%Folder%/no' };
const nobodyKnows: Condition = { file: '/elsewhere' };

const run = (steps: SequenceNode[], more: Partial<SequenceSpec> = {}, asked: WorldExpression[] = []) =>
  simulate(started(steps, more), () => ({ exitCode: 0 }), 't', { probe: computer(asked) });
const ends = (steps: SequenceNode[], more: Partial<SequenceSpec> = {}): string[] =>
  run(steps, more).reports.flatMap(({ event, path, outcome, reason, code, continuedOnError }) =>
    event === 'step-finished'
      ? [[path, outcome, reason, code, continuedOnError ? 'continued' : undefined].filter(Boolean).join(' ')]
      : [],
  );

describe('a condition that asks the computer', () => {
  it('is asked once, with the variables of that moment in its paths, and only where the variables leave it open', () => {
    const asked: WorldExpression[] = [];
    const steps = [
      step('a', { condition: yes }),
      set('Folder', '/other'),
      step('b', { condition: { any: [{ variable: 'Ring', operator: 'equals', value: 'pilot' }, yes] } }),
      step('c', { condition: { all: [yes, { facts: 'os.id == "%Folder%"' }] } }),
      step('d', { condition: yes, disabled: true }),
    ];
    const { executed } = run(steps, {}, asked);
    expect(asked).toEqual([{ file: '/srv/yes' }, { file: '/other/yes' }, { facts: 'os.id == "%Folder%"' }]);
    expect(executed.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('decides over steps and over groups, whose inside is then not asked', () => {
    const asked: WorldExpression[] = [];
    const steps: SequenceNode[] = [
      step('a', { condition: yes }),
      step('b', { condition: no }),
      { group: 'G', condition: yes, steps: [step('c'), step('d', { condition: { none: [no] } })] },
      { group: 'H', condition: no, steps: [step('e', { condition: yes })] },
    ];
    expect(ends(steps)).toEqual([
      'a succeeded',
      'b skipped condition-false',
      'G/c succeeded',
      'G/d succeeded',
      'H/e skipped condition-false',
    ]);
    run(steps, {}, asked);
    expect(asked).toHaveLength(5);
  });

  it('that nobody can decide skips the node, and says why, masked', () => {
    const { reports, finished } = run([step('a', { condition: nobodyKnows }), step('b')]);
    expect(reports.find(({ path }) => path === 'a')).toMatchObject({
      outcome: 'skipped',
      reason: 'condition-false',
      code: 'condition.not-decidable',
      message: expect.stringMatching(/^its condition cannot be decided here: the disk of \*+ hangs$/),
    });
    expect(finished).toMatchObject({ result: 'succeeded' });
    expect(JSON.stringify(reports)).not.toContain('hush-hush');
  });

  it('is decided in spite of an error where the rest decides it', () => {
    const any: Condition = { any: [nobodyKnows, yes] };
    const all: Condition = { all: [nobodyKnows, no] };
    const none: Condition = { none: [nobodyKnows, yes] };
    const steps = [step('a', { condition: any }), step('b', { condition: all }), step('c', { condition: none })];
    expect(ends(steps, { onConditionError: 'fail' })).toEqual([
      'a succeeded',
      'b skipped condition-false',
      'c skipped condition-false',
    ]);
  });
});

describe('with onConditionError: fail', () => {
  const fail = { onConditionError: 'fail' as const };

  it('a step whose condition nobody can decide fails, and the run with it', () => {
    const steps = [step('a', { condition: nobodyKnows }), step('b')];
    expect(ends(steps, fail)).toEqual(['a failed error condition.not-decidable', 'b skipped run-failed']);
    expect(run(steps, fail).finished).toMatchObject({
      result: 'failed',
      exitCode: 1,
      code: 'condition.not-decidable',
      message: expect.stringContaining('"a" failed: its condition cannot be decided here'),
    });
  });

  it('a step that continues on error absorbs it, and so does a group around it', () => {
    const failing = step('a', { condition: nobodyKnows });
    expect(ends([{ ...failing, continueOnError: true }, step('b')], fail)).toEqual([
      'a failed error condition.not-decidable continued',
      'b succeeded',
    ]);
    const group: SequenceNode = { group: 'G', continueOnError: true, steps: [failing, step('b')] };
    expect(ends([group, step('c')], fail)).toEqual([
      'G/a failed error condition.not-decidable continued',
      'G/b skipped abandoned',
      'c succeeded',
    ]);
  });

  it('a group whose condition nobody can decide fails, and may absorb that itself', () => {
    const group: SequenceNode = { group: 'G', condition: nobodyKnows, steps: [step('a')] };
    expect(ends([group, step('b')], fail)).toEqual([
      'G/a skipped run-failed condition.not-decidable',
      'b skipped run-failed',
    ]);
    expect(run([group, step('b')], fail).finished).toMatchObject({ result: 'failed', code: 'condition.not-decidable' });
    expect(ends([{ ...group, continueOnError: true }, step('b')], fail)).toEqual([
      'G/a skipped abandoned condition.not-decidable',
      'b succeeded',
    ]);
  });

  it('is not tried again: a condition is no step', () => {
    const steps = [step('a', { condition: nobodyKnows, retry: { attempts: 3 } })];
    expect(ends(steps, fail)).toEqual(['a failed error condition.not-decidable']);
  });
});

describe('a journal with answers of the computer', () => {
  const steps: SequenceNode[] = [
    step('a', { continueOnError: true, condition: { all: [yes, { none: [no, nobodyKnows] }] } }),
    {
      group: 'G',
      continueOnError: true,
      condition: { any: [no, yes] },
      steps: [step('b', { condition: nobodyKnows })],
    },
    step('c', { condition: yes }),
  ];

  it.each(['skip', 'fail'] as const)('gives the same when any prefix is replayed (%s)', (onConditionError) => {
    const { entries, reports: all } = run(steps, { onConditionError });
    expect(entries.filter(({ event }) => event.type === 'probe-answered')).toHaveLength(4);
    let state: Run | undefined;
    let owed: Effect[] = [];
    const reports: unknown[] = [];
    entries.forEach(({ event, at }, index) => {
      const next = advance(state, event, at);
      state = next.run;
      const others = next.effects.filter((effect) => effect.kind !== 'report');
      if (others.length > 0) owed = others;
      reports.push(...next.effects.flatMap((effect) => (effect.kind === 'report' ? [effect.report] : [])));
      const again = replay(JSON.parse(JSON.stringify(entries.slice(0, index + 1))) as JournalEntry[]);
      expect(again.run).toEqual(state);
      expect(again.effects).toEqual(owed);
      expect(again.reports).toEqual(reports);
    });
    expect(reports).toEqual(all);
  });

  it('that ends at a question asks it again, and takes another answer then', () => {
    const { entries } = run(steps);
    const untilFirst = entries.slice(0, 1);
    const { run: state, effects } = replay(untilFirst);
    expect(effects).toEqual([
      { kind: 'probe', position: 0, questions: [{ file: '/srv/yes' }, { file: '/srv/no' }, { file: '/elsewhere' }] },
    ]);
    const answers = [{ result: true }, { result: false }, { result: false }];
    const next = advance(state, { type: 'probe-answered', position: 0, answers }, 't');
    expect(next.effects.at(-1)).toMatchObject({ kind: 'execute', name: 'a' });
  });

  it('refuses answers to another node, and answers that nobody asked for', () => {
    const { run: state } = replay(run(steps).entries.slice(0, 1));
    const answer = (position: number): unknown =>
      advance(state, { type: 'probe-answered', position, answers: [] }, 't');
    expect(() => answer(1)).toThrow(SequenceEventError);
    const { run: executing } = advance(undefined, started([step('a')]), 't');
    expect(() => advance(executing, { type: 'probe-answered', position: 0, answers: [] }, 't')).toThrow(
      SequenceEventError,
    );
  });

  it('with too few answers leaves the rest undecided', () => {
    const { run: state } = replay(run(steps).entries.slice(0, 1));
    const { effects } = advance(state, { type: 'probe-answered', position: 0, answers: [{ result: true }] }, 't');
    expect(effects[0]).toMatchObject({ report: { path: 'a', outcome: 'skipped', code: 'condition.not-decidable' } });
  });

  it('can be stopped while the computer is being asked', () => {
    const { run: state } = replay(run(steps).entries.slice(0, 1));
    const { effects } = advance(state, { type: 'stop-requested', reason: 'x' }, 't');
    expect(effects.at(-1)).toMatchObject({ kind: 'finished', code: 'run.stopped' });
  });
});
