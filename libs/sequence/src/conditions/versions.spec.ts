import * as fc from 'fast-check';
import { compareVersions, holds, isVersionWithin, versionProblem } from './compare.js';
import { compareDebianVersions } from './debian-version.js';
import { COMPARISON_OPERATORS } from './model.js';
import { compareRpmParts, compareRpmVersions } from './rpm-version.js';

const signs = { '<': -1, '=': 0, '>': 1 } as const;
type Vector = readonly [string, keyof typeof signs, string];

/** Debian policy 5.6.12, and the tests of dpkg itself (lib/dpkg/t/t-version.c, scripts/t/Dpkg_Version.t). */
const debian: readonly Vector[] = [
  ['~~', '<', '~~a'],
  ['~~a', '<', '~'],
  ['~', '<', ''],
  ['', '<', 'a'],
  ['1.0~beta1~svn1245', '<', '1.0~beta1'],
  ['1.0~beta1', '<', '1.0'],
  ['1.0', '=', '1.0-0'],
  ['1.0-1', '>', '1.0'],
  ['1.0-1', '<', '1.0-1.1'],
  ['1.0-1', '<', '1.0-2'],
  ['1.0-10', '>', '1.0-9'],
  ['0:1.0', '=', '1.0'],
  ['1:0.1', '>', '2.0'],
  ['2:1.0', '>', '1:9'],
  ['1.0a', '<', '1.0+'],
  ['1.0a', '<', '1.0.1'],
  ['1.0', '<', '1.0a'],
  ['1.0z', '<', '1.0+a'],
  ['1.001', '=', '1.1'],
  ['1.2-3-4', '>', '1.2-3'],
  ['2.36-9+deb12u14', '>', '2.36-9+deb12u4'],
  ['1.0-1~bpo12+1', '<', '1.0-1'],
  ['1.2.3-1', '>', '1.2-1'],
  ['a', '<', 'b'],
  ['10a', '<', '10b'],
  ['1.0-133-avc', '>', '1.0-133'],
  ['99999999999999999999.1', '>', '9999999999999999999.2'],
];

/** The tests of rpm itself (tests/rpmvercmp.at). */
const rpmParts: readonly Vector[] = [
  ['1.0', '=', '1.0'],
  ['1.0', '<', '2.0'],
  ['2.0.1', '=', '2.0.1'],
  ['2.0', '<', '2.0.1'],
  ['2.0.1a', '>', '2.0.1'],
  ['5.5p1', '<', '5.5p2'],
  ['5.5p10', '>', '5.5p1'],
  ['10xyz', '<', '10.1xyz'],
  ['xyz10', '<', 'xyz10.1'],
  ['xyz.4', '<', '8'],
  ['xyz.4', '<', '2'],
  ['5.5p2', '<', '5.6p1'],
  ['6.0.rc1', '>', '6.0'],
  ['10b2', '>', '10a1'],
  ['10a2', '<', '10b2'],
  ['1.0aa', '>', '1.0a'],
  ['10.0001', '=', '10.1'],
  ['10.0001', '<', '10.0039'],
  ['4.999.9', '<', '5.0'],
  ['20101121', '<', '20101122'],
  ['2_0', '=', '2.0'],
  ['2.0', '=', '2_0'],
  ['a', '=', 'a'],
  ['a+', '=', 'a_'],
  ['+_', '=', '_+'],
  ['+', '=', '_'],
  ['1.0~rc1', '<', '1.0'],
  ['1.0', '>', '1.0~rc1'],
  ['1.0~rc1', '<', '1.0~rc2'],
  ['1.0~rc1~git123', '<', '1.0~rc1'],
  ['1.0^', '>', '1.0'],
  ['1.0^git1', '>', '1.0'],
  ['1.0^git1', '<', '1.0^git2'],
  ['1.0^git1', '<', '1.01'],
  ['1.0^20160101', '<', '1.0.1'],
  ['1.0^20160101^git1', '>', '1.0^20160101'],
  ['1.0^20160102', '>', '1.0^20160101^git1'],
  ['1.0~rc1^git1', '>', '1.0~rc1'],
  ['1.0^git1~pre', '<', '1.0^git1'],
  ['1.0^git1', '>', '1.0^git1~pre'],
  ['1b.fc17', '<', '1.fc17'],
  ['1g.fc17', '>', '1.fc17'],
];

const rpm: readonly Vector[] = [
  ['1:1.0-1', '>', '2.0-1'],
  ['0:1.0-1', '=', '1.0-1'],
  ['1.0-1.el9', '<', '1.0-2.el9'],
  ['1.0-1.el9', '=', '1.0'],
  ['1.0', '=', '1.0-7'],
  ['1.0-10', '>', '1.0-9'],
];

const generic: readonly Vector[] = [
  ['10', '=', '10.0'],
  ['9', '<', '10'],
  ['10.0.19045', '<', '10.0.22631'],
  ['10.0.22631.4890', '>', '10.0.22631'],
  ['12.04', '=', '12.4'],
  ['1.0-rc1', '<', '1.0'],
  ['1.0rc1', '<', '1.0rc2'],
  ['1.0', '<', '1.0.1'],
  ['3.19', '<', '3.20'],
];

const check = (compare: (left: string, right: string) => number, vectors: readonly Vector[]): void => {
  for (const [left, sign, right] of vectors) {
    expect([left, right, Math.sign(compare(left, right))]).toEqual([left, right, signs[sign]]);
    expect([right, left, Math.sign(compare(right, left)) + 0]).toEqual([right, left, -signs[sign] + 0]);
  }
};

describe('versions', () => {
  it('of Debian packages come in the order of Debian policy and of dpkg', () => check(compareDebianVersions, debian));
  it('of RPM packages come in the order of rpmvercmp', () => check(compareRpmParts, rpmParts));
  it('of RPM packages have epochs, and stand for all releases when they name none', () =>
    check(compareRpmVersions, rpm));
  it('of all else are compared part by part, numbers as numbers', () => check(compareVersions, generic));

  it.each([
    ['Debian', compareDebianVersions],
    ['RPM', compareRpmParts],
    ['general', compareVersions],
  ])('have a %s order: reversed when swapped, and without circles', (_, compare) => {
    const version = fc.array(fc.constantFrom('0', '1', '10', '01', '.', '-', '~', '^', '+', 'a', 'rc'), {
      maxLength: 6,
    });
    const text = version.map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 3000 },
    );
  });

  it('are inside bounds that are inclusive, a maximum counting only the parts it names', () => {
    const within = (version: string, minimumVersion?: string, maximumVersion?: string): boolean =>
      isVersionWithin(version, { minimumVersion, maximumVersion });
    expect(within('12', '12', '12')).toBe(true);
    expect(within('9.4', '9', '9')).toBe(true);
    expect(within('9.4', '9.4', '9.4')).toBe(true);
    expect(within('9.5', '9', '9.4')).toBe(false);
    expect(within('10', '9', '9')).toBe(false);
    expect(within('8.10', '9')).toBe(false);
    expect(within('22.04', undefined, '22.4')).toBe(true);
    expect(within('7', undefined, undefined)).toBe(true);
  });

  it('must look like versions where a condition compares with one', () => {
    expect(['1', '1:2.3-4', 'v2', '10.0.22631'].map(versionProblem)).toEqual(Array(4).fill(undefined));
    expect(['latest', '', '1 2', '1\n'].map((text) => typeof versionProblem(text))).toEqual(Array(4).fill('string'));
  });
});

it('has operators that say what their names say', () => {
  const table = COMPARISON_OPERATORS.map((operator) => [
    operator,
    ...[-1, 0, 1].map((order) => holds(operator, order)),
  ]);
  expect(table).toEqual([
    ['equals', false, true, false],
    ['notEquals', true, false, true],
    ['less', true, false, false],
    ['lessEqual', true, true, false],
    ['greater', false, false, true],
    ['greaterEqual', false, true, true],
  ]);
});
