import { advance } from '../../advance.js';
import type { Effect } from '../../run.js';
import type { VariableInput } from '../../variables.js';
import { findingsOf, sequenceOf } from '../../../test/step-types.js';

const type = 'RestartComputer';
const now = '2026-01-01T00:00:00.000Z';

/** What the engine does with the step, and when the computer is back. */
function run(settings: Record<string, unknown>, device: VariableInput = {}): { first?: Effect; next: string[] } {
  const { steps } = sequenceOf(type, settings);
  const last = { step: 'after', type: 'RunCommandLine', settings: { command: 'true' } };
  const begun = advance(
    undefined,
    {
      type: 'run-started',
      runId: 'r',
      sequence: { name: 's', spec: { steps: [...steps, last] } },
      variables: { device },
      facts: { phase: 'FullOS' },
    },
    now,
  );
  const first = begun.effects.find((effect) => effect.kind !== 'report');
  if (first?.kind !== 'restart') return first ? { first, next: [] } : { next: [] };
  const back = advance(begun.run, { type: 'restart-completed', phase: first.target }, now);
  return { first, next: back.effects.flatMap((effect) => (effect.kind === 'execute' ? [effect.name] : [])) };
}

describe('Restart Computer', () => {
  it('restarts into the installed system after a minute, and goes on with the next step', () => {
    expect(run({})).toEqual({ first: { kind: 'restart', target: 'FullOS', delaySeconds: 60 }, next: ['after'] });
  });

  it('takes target, message and delay', () => {
    const { first } = run({ target: 'PE', message: 'back soon', delaySeconds: '30' });
    expect(first).toEqual({ kind: 'restart', target: 'PE', delaySeconds: 30, message: 'back soon' });
  });

  it('is at once and without a word when nobody is to be told', () => {
    const atOnce = { kind: 'restart', target: 'FullOS', delaySeconds: 0 };
    expect(run({ notify: false, message: 'x', delaySeconds: 30 }).first).toEqual(atOnce);
    expect(run({ message: 'x', delaySeconds: 0 }).first).toEqual(atOnce);
    expect(run({ message: 'x' }, { SMSRebootTimeout: '0' }).first).toEqual(atOnce);
  });

  it.each([
    ['HD', 'FullOS'],
    ['WinPE', 'PE'],
    ['winpe', 'PE'],
  ])('lets SMSRebootTarget %s override the target', (word, target) => {
    expect(run({ target: 'FullOS' }, { SMSRebootTarget: word, SMSRebootMessage: '%Why%' }).first).toEqual({
      kind: 'restart',
      target,
      delaySeconds: 60,
      message: '%Why%',
    });
  });

  it('fails when a variable holds no target', () => {
    expect(run({}, { SMSRebootTarget: 'Moon' }).first).toMatchObject({
      kind: 'finished',
      code: 'step.invalid-settings',
      message: expect.stringContaining('must be one of: FullOS, PE'),
    });
  });

  it('accepts the words of documents and of variables, and names what is wrong', () => {
    for (const target of ['FullOS', 'PE', 'HD', 'WinPE', 'winpe', '%Where%'])
      expect(findingsOf(type, { target, notify: 'false', message: '', delaySeconds: '30' })).toEqual([]);
    expect(findingsOf(type, { target: 'Moon' })).toEqual([['target', 'sequence.invalid-value', 'one of: FullOS, PE']]);
    expect(findingsOf(type, { message: 'x'.repeat(513) }).map(([path]) => path)).toEqual(['message']);
    expect(findingsOf(type, { delaySeconds: -1 }).map(([path]) => path)).toEqual(['delaySeconds']);
  });
});
