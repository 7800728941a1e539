import { readVariable } from '../../variables.js';
import { simulate } from '../../simulate.js';
import type { VariableInput } from '../../variables.js';
import { findingsOf, sequenceOf } from '../../../test/step-types.js';

const type = 'SetTaskSequenceVariable';

/** The variable after the step, and the code of a failed step. */
function run(settings: Record<string, unknown>, device: VariableInput = {}): { variable: unknown; code?: string } {
  const { run: state, finished } = simulate(
    {
      type: 'run-started',
      runId: 'r',
      sequence: { name: 's', spec: sequenceOf(type, settings) },
      variables: { device },
      facts: { phase: 'FullOS' },
    },
    () => ({ exitCode: 0 }),
    '2026-01-01T00:00:00.000Z',
  );
  const variable = readVariable(state.variables, 'Name');
  return { variable, ...(finished?.code === undefined ? {} : { code: finished.code }) };
}

describe('Set Task Sequence Variable', () => {
  it('sets, replaces and deletes', () => {
    expect(run({ name: 'Name', value: '%Other%!' }, { Other: 'x' }).variable).toEqual({ name: 'Name', value: 'x!' });
    expect(run({ name: 'NAME', value: '' }, { Name: 'x' }).variable).toBeUndefined();
    expect(run({ name: '%Which%', value: '1' }, { Which: ' name ' }).variable).toEqual({ name: 'name', value: '1' });
  });

  it('keeps a value secret that is marked, or that a secret went into', () => {
    expect(run({ name: 'Name', value: 'x', secret: true }).variable).toMatchObject({ secret: true });
    const device = { Pw: { value: 'pw', secret: true } };
    expect(run({ name: 'Name', value: '<%Pw%>' }, device).variable).toEqual({
      name: 'Name',
      value: '<pw>',
      secret: true,
    });
  });

  it.each([
    [{ name: '%Which%', value: '1' }, { Which: '_SMSTSMake' }, 'variable.read-only'],
    [{ name: '%Which%', value: '1' }, { Which: '1st' }, 'variable.invalid-name'],
    [{ name: 'Name', value: '%Long%%Long%' }, { Long: 'x'.repeat(3000) }, 'variable.value-too-long'],
  ])('fails with %j when variables make it wrong', (settings, device, code) => {
    expect(run(settings, device).code).toBe(code);
  });

  it('has one finding for each mistake', () => {
    const codes = (settings: Record<string, unknown>): string[] => findingsOf(type, settings).map(([, code]) => code);
    expect(codes({ name: 'A', value: '', secret: true })).toEqual([]);
    expect(codes({ name: '_A', value: '' })).toEqual(['variable.read-only']);
    expect(codes({ name: 'My V@riable', value: '' })).toEqual(['variable.invalid-name']);
    expect(codes({ name: 'A', value: 'x'.repeat(4001) })).toEqual(['variable.value-too-long']);
    expect(codes({ name: 'A', value: 1 })).toEqual(['sequence.wrong-type']);
    expect(codes({ name: 'A' })).toEqual(['sequence.missing-field']);
  });
});
