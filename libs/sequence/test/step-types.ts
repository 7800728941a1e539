import type { SequenceSpec } from '@muster/sequence/model.js';
import { type SequenceReference, collectReferences } from '@muster/sequence/references.js';
import { type Simulation, simulate } from '@muster/sequence/simulate.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { readVariable } from '@muster/sequence/variables.js';

/** Settings of one step type: good ones, and for each mistake what is changed and what the one finding for it must say. */
export interface StepTypeCase {
  readonly type: string;
  readonly good: Readonly<Record<string, unknown>>;
  /** `undefined` removes a setting. The path is below `settings`. */
  readonly wrong: readonly (readonly [
    change: Readonly<Record<string, unknown>>,
    path: string,
    code: string,
    fix: string | RegExp,
  ])[];
}

/** Values of the variables that good settings name. */
const texts = {
  OSDDiskIndex: '0',
  SizeOfSystem: '50',
  Pin: '1234',
  Fallback: 'true',
  UsmtPackage: 'usmt',
  Index: '2',
  Key: 'K',
  Model: 'M',
  Adapters: 'false',
};

const settingsPath = '/spec/steps/0/settings';

/** A sequence of one step. */
export function sequenceOf(type: string, settings: Readonly<Record<string, unknown>>): SequenceSpec {
  return { steps: [{ step: 'S', type, settings: JSON.parse(JSON.stringify(settings)) as Record<string, unknown> }] };
}

/** Findings as `[path below settings, code, fix]`. */
export function findingsOf(type: string, settings: Readonly<Record<string, unknown>>): [string, string, string][] {
  return validateSequence(sequenceOf(type, settings)).map(({ path, code, fix }) => [
    path.startsWith(`${settingsPath}/`) ? path.slice(settingsPath.length + 1) : path,
    code,
    fix,
  ]);
}

/** What a step needs, without where it stands. */
export function referencesOf(
  type: string,
  settings: Readonly<Record<string, unknown>>,
): SequenceReference['reference'][] {
  return collectReferences(sequenceOf(type, settings)).map(({ reference }) => reference);
}

/**
 * A run in which the agent refuses the step as it refuses every type without executor; the step stands in a group that
 * continues on error, and an ordinary step follows.
 */
export function refused(
  type: string,
  settings: Readonly<Record<string, unknown>>,
  continueOnError: { step: boolean; group: boolean },
): Simulation {
  const [step] = sequenceOf(type, settings).steps;
  if (!step) throw new Error('no step');
  return run({
    steps: [
      {
        group: 'G',
        continueOnError: continueOnError.group,
        steps: [{ ...step, continueOnError: continueOnError.step }],
      },
      { step: 'after', type: 'SetTaskSequenceVariable', settings: { name: 'After', value: 'yes' } },
    ],
  });
}

/** The settings that an executor would get on a device with some variables, or the code of the failure before it. */
export function executedWith(
  type: string,
  settings: Readonly<Record<string, unknown>>,
  variables: Readonly<Record<string, string>>,
): unknown {
  const { executed, finished } = run(sequenceOf(type, settings), variables);
  return executed[0]?.settings ?? finished?.code;
}

function run(spec: SequenceSpec, variables: Readonly<Record<string, string>> = texts): Simulation {
  return simulate(
    {
      type: 'run-started',
      runId: 'r',
      sequence: { name: 's', spec },
      variables: { device: variables },
      facts: { phase: 'FullOS' },
    },
    () => ({ error: { code: 'step.type-unsupported', message: 'not here' } }),
    '2026-01-01T00:00:00.000Z',
  );
}

/** The tests that every step type without executor has to pass. */
export function describeStepTypes(
  cases: readonly StepTypeCase[],
  ignoringContinueOnError: readonly string[] = [],
): void {
  describe.each(cases)('$type', ({ type, good, wrong }) => {
    it('accepts good settings, and variables in their place', () => {
      expect(findingsOf(type, good)).toEqual([]);
    });

    it('has one finding with a place and a cure for each mistake', () => {
      for (const [change, path, code, fix] of [...wrong, strangeField]) {
        const findings = findingsOf(type, { ...good, ...change });
        expect({ change, findings }).toEqual({
          change,
          findings: [[path, code, typeof fix === 'string' ? fix : expect.stringMatching(fix)]],
        });
      }
    });

    it('is a failed step with its own code when it is run, which continue on error absorbs where it may', () => {
      const ignores = ignoringContinueOnError.includes(type);
      const refusal = { event: 'step-finished', outcome: 'failed', reason: 'error', code: 'step.type-unsupported' };
      const alone = refused(type, good, { step: false, group: false });
      expect(alone.reports).toContainEqual(expect.objectContaining({ ...refusal, path: 'G/S' }));
      expect(alone.finished).toMatchObject({ result: 'failed', code: 'step.type-unsupported' });
      for (const continueOnError of [
        { step: true, group: false },
        { step: false, group: true },
      ]) {
        const absorbed = refused(type, good, continueOnError);
        expect(absorbed.reports).toContainEqual(expect.objectContaining({ ...refusal, path: 'G/S' }));
        expect(absorbed.finished?.result).toBe(ignores ? 'failed' : 'succeeded');
        expect(readVariable(absorbed.run.variables, 'After')?.value).toBe(ignores ? undefined : 'yes');
      }
    });
  });
}

const strangeField = [{ colour: 'red' }, 'colour', 'sequence.unknown-field', /./] as const;
