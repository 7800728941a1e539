import { advance } from './advance.js';
import { explainSequence } from './explain.js';
import type { SequenceSpec } from './model.js';
import { collectReferences } from './references.js';
import { isLastRestart } from './restart-request.js';
import type { Advance, Effect, RunStarted } from './run.js';
import { validateSequence } from './validate.js';

const runFirst = { package: 'agent-tools', program: 'prepare' };
const step = (name: string, more: object = {}) => ({
  step: name,
  type: 'RunCommandLine',
  settings: { command: 'true' },
  ...more,
});
const spec = (more: Partial<SequenceSpec> = {}): SequenceSpec => ({ runFirst, steps: [step('one')], ...more });
const started = (sequence: SequenceSpec, facts: Partial<RunStarted['facts']> = {}): RunStarted => ({
  type: 'run-started',
  runId: 'r',
  sequence: { name: 's', spec: sequence },
  variables: {},
  facts: { phase: 'FullOS', ...facts },
});
const at = '2026-11-26T12:00:00.000Z';
const begin = (event: RunStarted): Advance => advance(undefined, event, at);
const end = ({ run }: Advance, exitCode: number): Advance => {
  const position = run.pointer;
  const running = advance(run, { type: 'step-started', position, attempt: 1 }, at);
  return advance(running.run, { type: 'step-ended', position, attempt: 1, exitCode }, at);
};
const owed = ({ effects }: Advance): Effect | undefined => effects.find(({ kind }) => kind !== 'report');

describe('the program that runs first', () => {
  it('runs before the first step, out of its package', () => {
    const first = begin(started(spec()));
    expect(owed(first)).toMatchObject({
      kind: 'execute',
      path: 'Run first: agent-tools, prepare',
      stepType: 'InstallPackage',
      settings: runFirst,
    });
    expect(owed(end(first, 0))).toMatchObject({ kind: 'execute', path: 'one' });
  });

  it('by its failure keeps the sequence from beginning, under a code of its own', () => {
    expect(owed(end(begin(started(spec())), 7))).toMatchObject({
      kind: 'finished',
      result: 'failed',
      exitCode: 7,
      code: 'run.first-program-failed',
      message: expect.stringContaining(
        'the sequence did not begin: "Run first: agent-tools, prepare" failed: exit code 7',
      ),
    });
  });

  it('fails like any program when the computer stopped while it ran', () => {
    const { run } = begin(started(spec()));
    const running = advance(run, { type: 'step-started', position: 0, attempt: 1 }, at);
    expect(owed(advance(running.run, { type: 'interrupted', position: 0 }, at))).toMatchObject({
      code: 'run.first-program-failed',
    });
  });

  it('is left out where it has succeeded, and in the preinstallation environment', () => {
    expect(owed(begin(started(spec(), { firstProgramDone: true })))).toMatchObject({ path: 'one' });
    expect(owed(begin(started(spec(), { phase: 'PE' })))).toMatchObject({ path: 'one' });
  });

  it('of a child sequence does not run', () => {
    const event = { ...started({ steps: [{ sequence: 'c' }] }), children: { c: spec() } };
    expect(owed(begin(event))).toMatchObject({ path: 'c/one' });
  });

  it('is content that the sequence refers to', () => {
    expect(collectReferences(spec())).toEqual([
      {
        path: '/spec/runFirst',
        disabled: false,
        reference: { kind: 'Package', name: 'agent-tools', program: 'prepare' },
      },
    ]);
  });

  it('has a plain name and nothing it does not know', () => {
    const wrong = { runFirst: { package: '%Name%', program: 'p', sometimes: true }, steps: [] };
    expect(validateSequence(wrong).map(({ path, severity }) => [path, severity])).toEqual([
      ['/spec/runFirst/package', 'error'],
      ['/spec/runFirst/sometimes', 'error'],
    ]);
  });

  it('is explained as a step, with what is left out where it has succeeded', () => {
    const of = (sequence: SequenceSpec) => explainSequence(started(sequence)).nodes[0];
    expect(of(spec())).toMatchObject({ verdict: 'will-run', message: 'not where it has succeeded before' });
    expect(of(spec({ runFirst: { ...runFirst, always: true } }))?.message).toBeUndefined();
  });
});

describe('the last restart of a run', () => {
  const lastAfter = (...steps: SequenceSpec['steps']): boolean =>
    isLastRestart(end(begin(started({ steps: [step('restarts', { successCodes: [0, 3010] }), ...steps] })), 3010).run);

  it('is one behind which no enabled step is left', () => {
    expect(lastAfter()).toBe(true);
    expect(lastAfter(step('off', { disabled: true }), { group: 'G', disabled: true, steps: [step('in')] })).toBe(true);
    expect(lastAfter({ group: 'G', steps: [] })).toBe(true);
    expect(lastAfter(step('two'))).toBe(false);
    expect(lastAfter({ group: 'G', disabled: true, steps: [step('in')] }, step('two'))).toBe(false);
    expect(isLastRestart(begin(started({ steps: [] })).run)).toBe(false);
  });
});
