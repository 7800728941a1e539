import type { SequenceSpec } from '../model.js';
import { findNodes, searchedWords, sequenceWords, wordsOf } from './search-words.js';

const spec: SequenceSpec = {
  displayName: 'Härtung',
  variables: { OSDTargetRoot: 'secret-value' },
  steps: [
    {
      group: 'Prepare disks',
      condition: { all: [{ variable: '_SMSTSInWinPE', operator: 'equals', value: 'true' }] },
      steps: [
        { step: 'Install hello', type: 'InstallPackage', settings: { package: 'hello-tools', program: 'setup' } },
        { step: 'Join', type: 'JoinDomain', settings: { kind: 'domain', domain: '%Domain%', password: 'hunter2' } },
      ],
    },
    { step: 'Say', type: 'SetTaskSequenceVariable', settings: { name: 'Colour', value: 'green' } },
    { sequence: 'common-hardening' },
  ],
};
const find = (text: string) =>
  findNodes(spec, searchedWords(text), 10).nodes.map(({ path, where }) => `${path}: ${where}`);

describe('the words of a sequence', () => {
  it('are found whole and in their parts, in any case', () => {
    expect(wordsOf('InstallPackage _SMSTSInWinPE a-b')).toEqual([
      'installpackage',
      'install',
      'package',
      '_smstsinwinpe',
      'smsts',
      'in',
      'win',
      'pe',
      'a',
      'b',
    ]);
  });

  it.each([
    ['hello', ['Prepare disks/Install hello: name,reference']],
    ['HELLO-to', ['Prepare disks/Install hello: reference,name']],
    ['winpe', []],
    ['_smstsinwinpe', ['Prepare disks: condition']],
    ['joindom', ['Prepare disks/Join: type']],
    ['domain', ['Prepare disks/Join: type,variable']],
    ['colour', ['Say: variable']],
    ['hardening', ['common-hardening: reference']],
  ])('"%s" is in the nodes %j', (text, expected) => {
    expect(find(text).map((one) => one.split(':')[0])).toEqual(expected.map((one) => one.split(':')[0]));
  });

  it('put nodes that have more of them first', () => {
    expect(find('install setup join').map((one) => one.split(':')[0])).toEqual([
      'Prepare disks/Install hello',
      'Prepare disks/Join',
    ]);
  });

  it('are names and conditions, never values of settings and variables', () => {
    const words = sequenceWords(spec, [{ where: 'label', text: 'team infra' }], 1000);
    expect(words).toEqual(expect.arrayContaining(['härtung', 'infra', 'osdtargetroot', 'true', 'setup']));
    for (const hidden of ['secret', 'hunter2', 'green']) expect(words).not.toContain(hidden);
  });

  it('are no more than the limit', () => {
    expect(sequenceWords(spec, [], 11)).toEqual(['härtung', 'osd']);
  });
});
