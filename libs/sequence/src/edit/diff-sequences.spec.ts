import * as fc from 'fast-check';
import { anyEdit, anySequence } from '../../test/random-sequences.js';
import type { SequenceNode, SequenceSpec } from '../model.js';
import { applyDifference, DifferenceMismatchError } from './apply-difference.js';
import { describeDifference } from './describe-difference.js';
import { isSame, sequenceDifferenceSchema } from './difference-model.js';
import { diffSequences } from './diff-sequences.js';
import { stableText } from './field-changes.js';
import { maskDifference } from './mask-difference.js';

const run = (step: string, command = `do ${step}`, more: object = {}): SequenceNode => ({
  step,
  type: 'RunCommandLine',
  settings: { command },
  ...more,
});
const group = (name: string, ...steps: SequenceNode[]): SequenceNode => ({ group: name, steps });
const of = (...steps: SequenceNode[]): SequenceSpec => ({ steps });
const lines = (before: SequenceSpec, after: SequenceSpec) =>
  describeDifference(maskDifference(diffSequences(before, after)));

it('names of two nodes that changed places the one that somebody moved, when that is known', () => {
  const [one, two] = ['one', 'two'].map((step) => ({ step, type: 'RunCommandLine', settings: { command: step } }));
  const before = { steps: [one!, two!] };
  const after = { steps: [two!, one!] };
  const moved = (...touched: string[]) => diffSequences(before, after, touched).moved.map(({ from }) => from.path);
  expect([moved('one'), moved('two')]).toEqual([['one'], ['two']]);
  expect(diffSequences(before, before, ['one']).moved).toEqual([]);
});

describe('the difference of two sequences', () => {
  it('is nothing for equal ones, whatever the order of keys', () => {
    fc.assert(
      fc.property(anySequence, (spec) => {
        const turned = (value: unknown): unknown =>
          Array.isArray(value)
            ? value.map(turned)
            : typeof value === 'object' && value !== null
              ? Object.fromEntries(
                  Object.entries(value)
                    .toReversed()
                    .map(([key, inner]) => [key, turned(inner)]),
                )
              : value;
        expect(isSame(diffSequences(spec, turned(spec) as SequenceSpec))).toBe(true);
      }),
    );
  });

  it('makes the second out of the first, and the first out of the second', () => {
    const pairs = fc.oneof(anyEdit, fc.tuple(anySequence, anySequence));
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        const difference = diffSequences(before, after);
        expect(stableText(applyDifference(before, difference))).toBe(stableText(after));
        expect(stableText(applyDifference(after, diffSequences(after, before)))).toBe(stableText(before));
        expect(isSame(difference)).toBe(stableText(before) === stableText(after));
      }),
      { numRuns: 500 },
    );
  });

  it('fits its schema after a trip through JSON, masked too', () => {
    fc.assert(
      fc.property(anyEdit, ([before, after]) => {
        const difference = diffSequences(before, after);
        for (const one of [difference, maskDifference(difference)])
          expect(sequenceDifferenceSchema.safeParse(JSON.parse(JSON.stringify(one))).error).toBeUndefined();
      }),
    );
  });

  it('names what was added and removed, groups with what is in them', () => {
    expect(
      lines(
        of(run('a'), group('Old', run('x', 'ls -l /'), run('y', 'df'))),
        of(run('a'), group('New', run('b', 'cat'), group('Deep', { sequence: 'child' }))),
      ),
    ).toEqual([
      '- Old  (group of 2 steps)',
      '+ New  (group of 2 steps)',
      '+   b  (step RunCommandLine)',
      '+   Deep  (group of 1 step)',
      '+     child  (child sequence)',
    ]);
  });

  it('says old and new of every changed field', () => {
    expect(
      lines(
        { displayName: 'One', variables: { A: '1', B: '2' }, steps: [run('a', 'ls', { retry: { attempts: 2 } })] },
        { variables: { A: '2', C: '3' }, steps: [run('a', 'ls -l', { disabled: true, condition: { os: 'debian' } })] },
      ),
    ).toEqual([
      '~ displayName: "One" → (none)',
      '~ variables.A: "1" → "2"',
      '~ variables.B: "2" → (none)',
      '~ variables.C: (none) → "3"',
      '~ a',
      '    settings.command: "ls" → "ls -l"',
      '    retry: {"attempts":2} → (none)',
      '    disabled: (none) → true',
      '    condition: (none) → {"os":"debian"}',
    ]);
  });

  it('shows of a script the first line that changed', () => {
    const script = (text: string) => of({ step: 's', type: 'RunScript', settings: { script: text } });
    expect(lines(script('one\ntwo\nthree'), script('one\n2\nthree\nfour'))).toEqual([
      '~ s',
      '    settings.script: line 2: "two" → "2" (3 → 4 lines)',
    ]);
  });

  it('follows a node into another group, and tells only of the node that moved', () => {
    const before = of(group('A', run('a'), group('Inner', run('x'), run('y'))), group('B', run('b')));
    const after = of(group('A', run('a')), group('B', group('Inner', run('x'), run('y')), run('b')));
    expect(lines(before, after)).toEqual(['> B/Inner  (moved, was A/Inner)']);
  });

  it('tells of the one that went past the others, not of those it passed', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const before = of(...names.map((name) => run(name)));
    const after = of(...['e', 'a', 'b', 'c', 'd'].map((name) => run(name)));
    expect(lines(before, after)).toEqual(['> e  (moved)']);
  });

  it('knows a node by its content when it was renamed, moved and renamed, or renamed and changed', () => {
    expect(lines(of(run('a', 'ls'), run('b')), of(run('new', 'ls'), run('b')))).toEqual(['~ new  (was a)']);
    expect(
      lines(
        of(group('G', run('b')), run('old', 'ls', { timeoutSeconds: 5 })),
        of(group('G', run('b'), run('new', 'ls', { timeoutSeconds: 5 }))),
      ),
    ).toEqual(['> G/new  (moved, was old)', '~ G/new  (was old)']);
    expect(lines(of(run('a', 'copy one two three')), of(run('b', 'copy one two four')))).toEqual([
      '~ b  (was a)',
      '    settings.command: "copy one two three" → "copy one two four"',
    ]);
    expect(lines(of(group('G', run('a'), run('b'))), of(group('H', run('a'), run('b'), run('c'))))).toEqual([
      '~ H  (was G)',
      '+ H/c  (step RunCommandLine)',
    ]);
  });

  it('takes nodes that have nothing in common for two', () => {
    expect(lines(of(run('a', 'rm x')), of(run('b', 'useradd joe')))).toEqual([
      '- a  (step RunCommandLine)',
      '+ b  (step RunCommandLine)',
    ]);
  });

  it('removes the right one of several nodes with one name', () => {
    const before = of(run('x', '1'), run('x', '2'), run('x', '3'));
    expect(lines(before, of(run('x', '1'), run('x', '3')))).toEqual(['- x (2)  (step RunCommandLine)']);
  });

  it('sees what moved out of a removed group, and into an added one', () => {
    expect(lines(of(group('Old', run('a'), run('b', 'zzz'))), of(run('a')))).toEqual([
      '- Old  (group of 1 step)',
      '> a  (moved, was Old/a)',
    ]);
    expect(lines(of(run('a')), of(group('New', run('b', 'zzz'), run('a'))))).toEqual([
      '+ New  (group of 1 step)',
      '+   b  (step RunCommandLine)',
      '> New/a  (moved, was a)',
    ]);
  });

  it('never shows a secret, and yet that it changed', () => {
    const join = (step: string, password: string, more: object = {}): SequenceNode => ({
      step,
      type: 'JoinDomain',
      settings: { kind: 'domain', domain: 'example.org', password },
      ...more,
    });
    const runAs = (password: string) =>
      run('r', 'ls', { settings: { command: 'ls', runAs: { account: 'joe', password } } });
    const theirs = (password: string): SequenceNode => ({
      step: 'f',
      type: 'BDD_Thing',
      settings: { AdminPassword: password },
    });
    const before = of(
      join('j', 'secret-1'),
      runAs('secret-2'),
      theirs('secret-3'),
      run('s'),
      group('Gone', join('g', 'secret-4')),
    );
    const after = of(
      join('j', 'secret-5'),
      runAs('secret-6'),
      theirs('secret-7'),
      run('s', 'ls', { settings: { command: 'do s', runAs: { password: 'secret-8' } } }),
      group('New', join('n', 'secret-9', { timeoutSeconds: 9 })),
    );
    const masked = maskDifference(diffSequences(before, after));
    expect(JSON.stringify(masked)).not.toContain('secret-');
    expect(describeDifference(masked)).toEqual(
      expect.arrayContaining([
        '    settings.password: changed (secret)',
        '    settings.runAs.password: changed (secret)',
        '    settings.AdminPassword: changed (secret)',
      ]),
    );
  });

  it('never shows what a step or the name of a variable marks as secret', () => {
    const variable = (value: string, more: object = {}) =>
      run('Set', 'x', { type: 'SetTaskSequenceVariable', settings: { name: 'Key', value, secret: true, ...more } });
    const dynamic = (value: string) =>
      run('Rules', 'x', {
        type: 'SetDynamicVariables',
        settings: {
          rules: [
            {
              set: [
                { name: 'Site', value: 'open' },
                { name: 'Pin', value, secret: true },
              ],
            },
          ],
        },
      });
    const before = { ...of(variable('secret-1'), dynamic('secret-2'), group('Gone', variable('secret-3'))) };
    const after = {
      ...of(variable('secret-4'), dynamic('secret-5'), group('New', variable('secret-6'), dynamic('secret-7'))),
    };
    const one = { ...before, variables: { OSDJoinPassword: 'secret-8', Open: 'a' } };
    const two = { ...after, variables: { OSDJoinPassword: 'secret-9', Open: 'b' } };
    for (const [from, to] of [
      [one, two],
      [two, one],
      [before, two],
      [one, after],
      [before, of(variable('secret-4', { secret: false }))],
    ] as const) {
      expect(JSON.stringify(maskDifference(diffSequences(from, to)))).not.toContain('secret-');
    }
    const masked = JSON.stringify(maskDifference(diffSequences(one, two)));
    expect(masked).toContain('open');
    expect(applyDifference(one, diffSequences(one, two))).toEqual(two);
  });

  it('is refused by a sequence it was not made of', () => {
    const difference = diffSequences(of(run('a'), run('b')), of(run('a')));
    expect(() => applyDifference(of(run('a')), difference)).toThrow(DifferenceMismatchError);
  });
});
