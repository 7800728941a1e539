import { collectReferences } from '../../references.js';
import { validateSequence } from '../../validate.js';
import { parsePackageProgram, readDynamicList } from './dynamic-list.js';

const spec = (settings: object) => ({ steps: [{ step: 'S', type: 'InstallPackage', settings: { ...settings } }] });
const findings = (settings: object): string[] =>
  validateSequence(spec(settings)).map(({ code, path }) => `${code} ${path.split('/settings').at(-1)}`);

describe('Install Package', () => {
  it('takes a package with a program, or a dynamic list', () => {
    expect(findings({ package: 'hello', program: 'install' })).toEqual([]);
    expect(findings({ listVariable: 'PKG', continueOnInstallError: '%Go%', listPackages: 'a, b' })).toEqual([]);
    expect(findings({ listVariable: '%Base%' })).toEqual([]);
  });

  it.each([
    [{}, ['sequence.missing-field /package']],
    [{ package: 'hello' }, ['sequence.missing-field /program']],
    [{ listVariable: 'PKG', package: 'a', program: 'b' }, ['sequence.invalid-value /listVariable']],
    [{ listVariable: '1PKG' }, ['sequence.invalid-value /listVariable']],
    [{ listVariable: 'PKG', continueOnInstallError: 'perhaps' }, ['sequence.invalid-value /continueOnInstallError']],
  ])('refuses %j with one finding', (settings, expected) => {
    expect(findings(settings)).toEqual(expected);
  });

  it('refers to its package, and to those that its list may name', () => {
    const references = (settings: object) => collectReferences(spec(settings)).map(({ reference }) => reference);
    expect(references({ package: 'a', program: 'go' })).toEqual([{ kind: 'Package', name: 'a', program: 'go' }]);
    expect(references({ listVariable: 'PKG', listPackages: ['a', '%B%'] })).toEqual([{ kind: 'Package', name: 'a' }]);
    expect(references({ listVariable: 'PKG' })).toEqual([]);
  });
});

describe('a dynamic list', () => {
  const read = (values: Record<string, string>) => (digits: number) =>
    readDynamicList('P', digits, (name) => values[name]).map(({ value }) => value);

  it('stops at the first number that is missing or empty, whatever comes behind it', () => {
    expect(read({ P001: 'a', P002: 'b', P004: 'd' })(3)).toEqual(['a', 'b']);
    expect(read({ P001: 'a', P002: '', P003: 'c' })(3)).toEqual(['a']);
    expect(read({ P002: 'b' })(3)).toEqual([]);
  });

  it('counts with exactly its number of digits, and ends where they do', () => {
    expect(read({ P1: 'x', P01: 'a', P001: 'y', P02: 'b' })(2)).toEqual(['a', 'b']);
    const all = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`P${String(index + 1).padStart(2, '0')}`, 'v']),
    );
    expect(read(all)(2)).toHaveLength(99);
  });

  it('has values PACKAGE:Program, taken apart at the first colon', () => {
    expect(parsePackageProgram('CEN00054:Install now')).toEqual({ package: 'CEN00054', program: 'Install now' });
    expect(parsePackageProgram('a:b:c')).toEqual({ package: 'a', program: 'b:c' });
    expect(['', 'a', 'a:', ':b', ':'].map(parsePackageProgram)).toEqual(Array(5).fill(undefined));
  });
});
