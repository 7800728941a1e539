import * as fc from 'fast-check';
import { findingsOf, referencesOf } from '../../../test/step-types.js';
import { prepared } from '../../../test/prepared-step.js';
import { CommandSplitError, splitCommand, splitWords } from './split-command.js';

const type = 'RunCommandLine';

describe('the settings of RunCommandLine', () => {
  it('may name an account, with a password or without', () => {
    expect(findingsOf(type, { command: 'id', runAs: { user: 'EXAMPLE\\svc', password: 'p' } })).toEqual([]);
    expect(findingsOf(type, { command: 'id', runAs: { user: '%Who%' }, disable64BitRedirection: 'true' })).toEqual([]);
    expect(referencesOf(type, { command: 'x', package: 'tools' })).toEqual([{ kind: 'Package', name: 'tools' }]);
  });

  it('name the place of each mistake', () => {
    for (const [settings, path] of [
      [{ command: '' }, 'command'],
      [{ command: 'say "hello' }, 'command'],
      [{ command: 'a', runAs: {} }, 'runAs/user'],
      [{ command: 'a', runAs: { user: 'x', uid: 0 } }, 'runAs/uid'],
      [{ command: 'a', environment: { 'A-B': '1' } }, 'environment/A-B'],
      [{ command: 'a', outputVariable: '_Own' }, 'outputVariable'],
      [{ command: 'a', disable64BitRedirection: 'perhaps' }, 'disable64BitRedirection'],
    ] as const)
      expect(findingsOf(type, settings).map(([at]) => at)).toEqual([path]);
  });

  it('have a password that is a secret, also when it is written in the document', () => {
    const { secrets } = prepared(
      type,
      { command: 'id', runAs: { user: 'u', password: '%Start%-%End%' } },
      { Start: 'x1' },
    );
    expect(secrets).toEqual(['x1-']);
    expect(prepared(type, { command: 'id', runAs: { user: 'u' } }).secrets).toEqual([]);
  });

  it('are overridden by global variables of their names', () => {
    const variables = { WorkingDirectory: '/srv', SMSTSDisableWow64Redirection: 'TRUE' };
    expect(prepared(type, { command: 'ls -l', workingDirectory: '/tmp' }, variables).settings).toEqual({
      command: 'ls',
      arguments: ['-l'],
      workingDirectory: '/srv',
      disable64BitRedirection: true,
    });
  });
});

describe('splitting words', () => {
  it('allows no word at all where no program is wanted', () => {
    expect(splitWords('  ')).toEqual([]);
    expect(splitWords('-Path \'a b\' -Force "c d"')).toEqual(['-Path', 'a b', '-Force', 'c d']);
    expect(() => splitCommand('  ')).toThrow(CommandSplitError);
    expect(() => splitWords("'")).toThrow("the quote ' is never closed");
  });

  it('gives back words that were quoted one by one', () => {
    const word = fc.string().filter((text) => !text.includes("'"));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitWords(words.map((text) => `'${text}'`).join(' '))).toEqual(words);
      }),
    );
  });
});
