import * as fc from 'fast-check';
import { z } from 'zod';
import { sequenceSpecSchema } from './model.js';
import { collectReferences, mentionedVariables } from './references.js';
import { validateSequence } from './validate.js';

const step = { step: 's', type: 'RunCommandLine', settings: { command: 'x' } };
const codes = (spec: unknown): string[] => validateSequence(spec).map((finding) => `${finding.code} ${finding.path}`);

describe('validateSequence', () => {
  it('accepts the document of the design and the schema agrees', () => {
    const spec = {
      variables: { OSDTargetRoot: '/mnt/target' },
      steps: [
        {
          group: 'Prepare',
          continueOnError: true,
          condition: {
            all: [
              { variable: '_SMSTSInWinPE', operator: 'equals', value: 'false' },
              { any: [{ variable: 'A', operator: 'exists' }] },
            ],
          },
          steps: [
            {
              step: 'Install hello',
              type: 'InstallPackage',
              runIn: 'FullOS',
              disabled: false,
              settings: { package: 'hello', program: 'install' },
              retry: { attempts: 2, backoffSeconds: 5 },
              timeoutSeconds: 900,
              successCodes: [0, 3010],
            },
            { sequence: 'common-hardening' },
          ],
        },
      ],
    };
    expect(validateSequence(spec)).toEqual([]);
    expect(sequenceSpecSchema.parse(spec)).toEqual(spec);
  });

  it('names everything that is wrong at once, each with its place', () => {
    const spec = {
      displayname: 'x',
      variables: { _x: '1', 'a b': '2', N: 5, A: '1', a: '2' },
      steps: [
        {
          group: 'G',
          steps: [
            { step: 's', type: 'RunComandLine' },
            { ...step, settings: { comand: 'x' } },
          ],
        },
        { ...step, timeoutSeconds: '5', runIn: 'Moon' },
        { step: 'v', type: 'SetTaskSequenceVariable', settings: { name: '_X', value: 5 } },
        { step: 'w', type: 'SetTaskSequenceVariable', settings: { name: '1X', value: '' } },
        { group: 'a', step: 'b' },
        'text',
        { group: 'no steps' },
        { ...step, condition: { all: [] } },
        { ...step, condition: { file: '/etc/x', facts: 'a ==' } },
        {
          ...step,
          condition: {
            any: [
              { variable: 'X', operator: 'equal', value: '1' },
              { variable: 'X', operator: 'equals' },
            ],
          },
        },
        { ...step, settings: { command: 'echo "open' } },
        { step: '', type: 'RunCommandLine', settings: { command: 'x' } },
      ],
    };
    expect(codes(spec)).toEqual([
      'sequence.unknown-field /spec/displayname',
      'variable.read-only /spec/variables/_x',
      'variable.invalid-name /spec/variables/a b',
      'sequence.wrong-type /spec/variables/N',
      'variable.duplicate /spec/variables/a',
      'sequence.unknown-step-type /spec/steps/0/steps/0/type',
      'sequence.missing-field /spec/steps/0/steps/1/settings/command',
      'sequence.unknown-field /spec/steps/0/steps/1/settings/comand',
      'sequence.invalid-value /spec/steps/1/runIn',
      'sequence.wrong-type /spec/steps/1/timeoutSeconds',
      'variable.read-only /spec/steps/2/settings/name',
      'sequence.wrong-type /spec/steps/2/settings/value',
      'variable.invalid-name /spec/steps/3/settings/name',
      'sequence.unknown-node /spec/steps/4',
      'sequence.wrong-type /spec/steps/5',
      'sequence.missing-field /spec/steps/6/steps',
      'sequence.empty-condition /spec/steps/7/condition/all',
      'sequence.invalid-condition /spec/steps/8/condition',
      'sequence.invalid-value /spec/steps/9/condition/any/0/operator',
      'sequence.missing-field /spec/steps/9/condition/any/1/value',
      'sequence.invalid-value /spec/steps/10/settings/command',
      'sequence.out-of-range /spec/steps/11/step',
    ]);
  });

  it('suggests what was probably meant', () => {
    const fixes = validateSequence({ steps: [{ step: 's', type: 'runcommandline', continueOnEror: true }] }).map(
      (finding) => finding.fix,
    );
    expect(fixes).toEqual(['did you mean "continueOnError"?', expect.stringContaining('did you mean RunCommandLine?')]);
  });

  it('suggests what a node was meant to be, and says in the same breath what is wrong inside it', () => {
    const findings = validateSequence({
      steps: [
        { stepp: 's', type: 'RunComandLine', disabeld: true },
        { steps: [{ step: 't', type: 'RunCommandLine' }] },
        { group: 'g', step: 's', steps: [{ step: 'u', type: 'Nothing' }], condition: { all: [] } },
        { type: 'RunCommandLine', settings: { comandLine: 'x' } },
      ],
    });
    expect(findings.map(({ path, code }) => `${code} ${path}`)).toEqual([
      'sequence.unknown-node /spec/steps/0',
      'sequence.unknown-field /spec/steps/0/disabeld',
      'sequence.unknown-step-type /spec/steps/0/type',
      'sequence.unknown-node /spec/steps/1',
      'sequence.missing-field /spec/steps/1/steps/0/settings/command',
      'sequence.unknown-node /spec/steps/2',
      'sequence.empty-condition /spec/steps/2/condition/all',
      'sequence.unknown-step-type /spec/steps/2/steps/0/type',
      'sequence.unknown-node /spec/steps/3',
      'sequence.missing-field /spec/steps/3/settings/command',
      'sequence.unknown-field /spec/steps/3/settings/comandLine',
    ]);
    expect(findings[0]?.fix).toContain('did you mean "step" instead of "stepp"?');
    expect(findings.at(-1)?.fix).toBe('did you mean "command"?');
  });

  it('tells where a field belongs that a step does not have', () => {
    const fixes = validateSequence({
      steps: [
        { step: 's', type: 'RunCommandLine', settings: { command: 'x' }, comandLine: 'x', enabled: false, name: 'n' },
        { group: 'g', steps: [], enabled: true },
      ],
    }).map(({ fix }) => fix);
    expect(fixes).toEqual([
      'did you mean "settings.command"? settings of the step stand below "settings"',
      'write disabled: true',
      'remove it: the name is the value of "step"',
      'remove it: a node is enabled unless it says disabled: true',
    ]);
  });

  it('tells how to write a number where a text is needed', () => {
    const [finding] = validateSequence({ steps: [], variables: { Port: 8080 } });
    expect(finding?.fix).toBe('write it in quotes: "8080"');
  });

  it('refuses a document over 2 MB and one that nests too deep, without running out of stack', () => {
    const big = { steps: [{ ...step, settings: { command: 'x', environment: { A: 'é'.repeat(1_100_000) } } }] };
    expect(codes(big)).toEqual(['sequence.too-large /spec']);
    let node: object = step;
    for (let depth = 0; depth < 100_000; depth++) node = { group: 'g', steps: [node] };
    expect(codes({ steps: [node] })).toEqual(['sequence.too-deep /spec']);
  });

  it('never throws, whatever JSON it gets, and accepts only what the schema accepts', () => {
    const key = fc.constantFrom(
      'steps',
      'group',
      'step',
      'type',
      'settings',
      'condition',
      'all',
      'variables',
      'command',
      '__proto__',
    );
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium' },
        fc.jsonValue({ maxDepth: 1 }),
        fc.constant('RunCommandLine'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        const findings = validateSequence(value);
        if (findings.length === 0) expect(sequenceSpecSchema.safeParse(value).success).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the JSON Schema of a sequence', () => {
  it('is generated, with references for what repeats', () => {
    const schema = z.toJSONSchema(sequenceSpecSchema);
    expect(Object.keys(schema.$defs ?? {})).toEqual(
      expect.arrayContaining(['SequenceNode', 'Condition', 'RetryPolicy']),
    );
    expect(JSON.stringify(schema)).toContain('"steps":{"type":"array","items":{"$ref":"#/$defs/SequenceNode"}}');
  });
});

describe('references', () => {
  const spec = {
    steps: [
      {
        group: 'G',
        disabled: true,
        steps: [{ step: 'i', type: 'InstallPackage', settings: { package: 'hello', program: 'install' } }],
      },
      { step: 'r', type: 'RunCommandLine', settings: { command: '%TOOL% %HOME%', package: 'tools' } },
      { step: 'd', type: 'InstallPackage', settings: { package: '%PKG%', program: 'x' } },
      { sequence: 'child' },
    ],
  };
  it('finds content and children with the node that needs them, and whether it is disabled', () => {
    expect(collectReferences(spec)).toEqual([
      {
        path: '/spec/steps/0/steps/0',
        disabled: true,
        reference: { kind: 'Package', name: 'hello', program: 'install' },
      },
      { path: '/spec/steps/1', disabled: false, reference: { kind: 'Package', name: 'tools' } },
      { path: '/spec/steps/3', disabled: false, reference: { kind: 'TaskSequence', name: 'child' } },
    ]);
  });
  it('lists the variables a sequence mentions', () => {
    expect([...mentionedVariables(spec)]).toEqual(['TOOL', 'HOME', 'PKG']);
  });
});
