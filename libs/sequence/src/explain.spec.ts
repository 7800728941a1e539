import { explainSequence } from './explain.js';
import type { SequenceNode } from './model.js';
import type { RunStarted } from './run.js';

const step = (name: string, more: Record<string, unknown> = {}): SequenceNode => ({
  step: name,
  type: 'RunCommandLine',
  settings: { command: 'true' },
  ...more,
});
const when = (variable: string, value: string) => ({ condition: { variable, operator: 'equals' as const, value } });

function started(steps: SequenceNode[], variables: RunStarted['variables'] = {}): RunStarted {
  return {
    type: 'run-started',
    runId: 'r',
    sequence: { name: 's', spec: { steps, variables: { Ring: 'default' } } },
    variables,
    facts: { phase: 'FullOS' },
  };
}
const verdicts = (steps: SequenceNode[], variables?: RunStarted['variables']): string[] =>
  explainSequence(started(steps, variables)).nodes.map(({ path, verdict, reason, code }) =>
    [path, verdict, reason ?? code ?? ''].join(' ').trim(),
  );

describe('explainSequence', () => {
  it('says of every node whether it runs, and of those that do not, why', () => {
    const steps: SequenceNode[] = [
      step('a'),
      step('off', { disabled: true }),
      { group: 'G', ...when('Ring', 'pilot'), steps: [step('in G'), step('in G too', { disabled: true })] },
      { group: 'H', disabled: true, steps: [step('in H')] },
      step('pe only', { runIn: 'PE', continueOnError: true }),
      step('asks', { condition: { file: '/etc/x' } }),
      { step: 'bad', type: 'SetTaskSequenceVariable', settings: { name: '%Nothing%', value: 'x' } },
      step('never'),
    ];
    expect(verdicts(steps)).toEqual([
      'a will-run',
      'off skipped disabled',
      'G skipped condition-false',
      'G/in G skipped condition-false',
      'G/in G too skipped disabled',
      'H skipped disabled',
      'H/in H skipped disabled',
      'pe only blocked wrong-environment',
      'asks unknown condition.not-asked',
      'bad blocked error',
      'never not-reached run-failed',
    ]);
  });

  it('assumes success, with the first success code of a step of which 0 is none, and says so', () => {
    const { nodes, result } = explainSequence(
      started([step('a', { successCodes: [3, 4] }), step('b', { successCodes: [0, 3] }), step('c')]),
    );
    expect(nodes.map(({ verdict, message }) => [verdict, message])).toEqual([
      ['will-run', 'assumed to succeed with exit code 3'],
      ['will-run', undefined],
      ['will-run', undefined],
    ]);
    expect(result).toBe('succeeded');
  });

  it('says of a variable that cannot be set that its step is blocked', () => {
    const set = (name: string) => ({ step: 'set', type: 'SetTaskSequenceVariable', settings: { name, value: 'x' } });
    expect(explainSequence(started([set('N%Odd%')], { device: { Odd: '%x' } })).nodes).toEqual([
      expect.objectContaining({ verdict: 'blocked', code: 'variable.invalid-name', message: expect.any(String) }),
    ]);
  });

  it('restarts behind a step that succeeds only by asking for it', () => {
    expect(explainSequence(started([step('a', { successCodes: [3010] }), step('b')]))).toMatchObject({
      restarts: 1,
      result: 'succeeded',
    });
  });

  it('shows the truth table and who wins and loses for each variable, as they are when the engine comes there', () => {
    const steps = [
      { step: 'set', type: 'SetTaskSequenceVariable', settings: { name: 'Ring', value: 'fast' } },
      step('use', { condition: { all: [when('Ring', 'fast').condition, { none: [when('Site', 'X').condition] }] } }),
    ];
    const { nodes } = explainSequence(
      started(steps, {
        device: { Ring: 'device' },
        collections: [
          { id: 'b', priority: 2, variables: { Ring: 'strong', Site: 'Y' } },
          { id: 'a', variables: { Ring: 'weak' } },
          { id: 'c', priority: 2, variables: { ring: 'as strong' } },
        ],
      }),
    );
    expect(nodes[1]?.condition).toEqual({
      operator: 'all',
      outcome: true,
      operands: [
        { expression: when('Ring', 'fast').condition, outcome: true, actual: 'fast' },
        {
          operator: 'none',
          outcome: true,
          operands: [{ expression: when('Site', 'X').condition, outcome: false, actual: 'Y' }],
        },
      ],
    });
    expect(nodes[1]?.variables).toEqual([
      {
        name: 'Ring',
        winner: { layer: 'run', value: 'fast' },
        losers: [
          { layer: 'device', value: 'device' },
          { layer: 'collection', value: 'strong', source: 'b' },
          { layer: 'collection', value: 'as strong', source: 'c', priority: 2, tied: true },
          { layer: 'collection', value: 'weak', source: 'a', priority: 1 },
          { layer: 'sequence', value: 'default' },
        ],
      },
      { name: 'Site', winner: { layer: 'collection', value: 'Y', source: 'b' }, losers: [] },
    ]);
  });

  it('never shows a secret', () => {
    const steps = [step('use', { ...when('Pass', 'x'), settings: { command: 'login %Pass%' }, continueOnError: true })];
    const explained = explainSequence(started(steps, { device: { Pass: { value: 'hidden-text', secret: true } } }));
    expect(JSON.stringify(explained)).not.toContain('hidden-text');
    expect(explained.nodes[0]?.variables[0]?.winner?.value).toBe('********');
  });

  it('follows assumed outcomes and answers of the computer', () => {
    const steps: SequenceNode[] = [
      { group: 'G', continueOnError: true, steps: [step('fails'), step('abandoned')] },
      step('handler', when('_SMSTSLastActionSucceeded', 'false')),
      step('file', { condition: { file: '/etc/%Ring%' } }),
    ];
    const { nodes, result } = explainSequence(started(steps), {
      outcome: ({ name }) => ({ exitCode: name === 'fails' ? 3 : 0 }),
      probe: (question) => ({ result: 'file' in question && question.file === '/etc/default' }),
    });
    expect(nodes.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'G will-run',
      'fails will-run',
      'abandoned not-reached',
      'handler will-run',
      'file will-run',
    ]);
    expect([result, nodes[4]?.condition?.outcome]).toEqual(['succeeded', true]);
  });

  it('says what keeps the whole sequence from running', () => {
    const { problem, nodes } = explainSequence(started([{ sequence: 'child' }]));
    expect([problem?.code, nodes]).toEqual(['sequence.child-missing', []]);
  });
});
