import * as fc from 'fast-check';
import { writtenReferences } from './written-references.js';

describe('the references of a sequence that is not valid', () => {
  it('are read where they stand, of enabled nodes', () => {
    const spec = {
      stepz: 1,
      runFirst: { package: 'first', program: 'x', more: 1 },
      steps: [
        {
          group: 'g',
          typo: 1,
          steps: [{ step: 'i', type: 'InstallPackage', settings: { package: 'p', program: 'x' } }],
        },
        { step: 'j', type: 'InstallPackage', settings: { package: 'q', programm: 'x' } },
        { step: 'k', type: 'InstallPackage', settings: { package: 7 } },
        { step: 'l', type: 'RunCommandLine', settings: { package: '%tools%', command: 'x' } },
        { sequence: 'child', enabled: true },
        { sequence: 'idle', disabled: true },
        'text',
      ],
    };
    expect(writtenReferences(spec).map(({ path, reference }) => `${path} ${reference.kind} ${reference.name}`)).toEqual(
      [
        '/spec/runFirst Package first',
        '/spec/steps/0/steps/0 Package p',
        '/spec/steps/1 Package q',
        '/spec/steps/4 TaskSequence child',
      ],
    );
  });

  it('never throw, whatever JSON it is', () => {
    const key = fc.constantFrom('steps', 'type', 'settings', 'package', 'sequence', 'runFirst', 'applications');
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium' },
        fc.jsonValue({ maxDepth: 1 }),
        fc.constantFrom('InstallPackage', 'InstallApplication', 'ApplyOperatingSystemImage'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        for (const { reference } of writtenReferences(value)) expect(typeof reference.name).toBe('string');
      }),
    );
  });
});
