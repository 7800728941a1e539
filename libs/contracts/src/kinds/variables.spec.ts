import { judgeInput } from '../judge.js';
import { collection } from './collection.js';

const judge = (variables: unknown, more = {}) =>
  judgeInput(collection, {
    apiVersion: 'muster/v1',
    kind: 'Collection',
    metadata: { name: 'lab' },
    spec: { rules: [], variables, ...more },
  });

describe('variables of a collection or a device', () => {
  it('drop the blanks around their names', () => {
    expect(judge([{ name: '  Ring ', value: 'pilot' }])).toMatchObject({
      value: { spec: { variables: [{ name: 'Ring', value: 'pilot' }] } },
    });
  });

  it.each([
    [
      'a name of the engine',
      [{ name: '_SMSTSMachineName', value: 'x' }],
      'variable.read-only',
      '/spec/variables/0/name',
    ],
    [
      'a name with a blank inside',
      [{ name: 'My Ring', value: 'x' }],
      'variable.invalid-name',
      '/spec/variables/0/name',
    ],
    ['a digit first', [{ name: '1Ring', value: 'x' }], 'variable.invalid-name', '/spec/variables/0/name'],
    ['257 characters', [{ name: 'a'.repeat(257), value: 'x' }], 'variable.invalid-name', '/spec/variables/0/name'],
    [
      'a name twice in different case',
      [
        { name: 'Ring', value: 'a' },
        { name: 'RING', value: 'b' },
      ],
      'variable.duplicate',
      '/spec/variables/1/name',
    ],
    [
      'a password in the open',
      [{ name: 'osdJoinPassword', value: 'x' }],
      'variable.must-be-hidden',
      '/spec/variables/0/hidden',
    ],
    ['a visible one without value', [{ name: 'Ring' }], 'variable.value-missing', '/spec/variables/0/value'],
    [
      'an empty hidden value',
      [{ name: 'T', hidden: true, value: '' }],
      'variable.value-missing',
      '/spec/variables/0/value',
    ],
    ['4001 characters', [{ name: 'T', value: 'x'.repeat(4001) }], 'document.invalid-value', '/spec/variables/0/value'],
  ])('refuse %s', (_what, variables, code, path) => {
    expect(judge(variables)).toEqual({ findings: [expect.objectContaining({ code, path })] });
  });

  it('are at most 1,000', () => {
    const many = Array.from({ length: 1001 }, (_, index) => ({ name: `V${index}`, value: 'x' }));
    expect(judge(many.slice(1))).toHaveProperty('value');
    expect(judge(many)).toHaveProperty('findings');
  });

  it.each([0, 10, 1.5])('have no priority %s', (variablesPriority) => {
    expect(judge([], { variablesPriority })).toHaveProperty('findings');
  });

  it('never tell the value of a hidden one in a finding', () => {
    const findings = JSON.stringify(judge([{ name: '_bad name', hidden: true, value: 'geheim-1' }]));
    expect(findings).toContain('findings');
    expect(findings).not.toContain('geheim');
  });

  it('are without hidden values in what is kept of a request', () => {
    const variables = [
      { name: 'T', hidden: true as const, value: 'geheim' },
      { name: 'Ring', value: 'pilot' },
    ];
    expect(collection.withoutSecrets?.({ rules: [], variables })).toEqual({
      rules: [],
      variables: [
        { name: 'T', hidden: true },
        { name: 'Ring', value: 'pilot' },
      ],
    });
  });
});
