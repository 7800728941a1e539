import type { ComparisonOperator } from './model.js';

/** Does an operator hold, given how actual and expected compare (negative: actual comes first)? */
export function holds(operator: ComparisonOperator, order: number): boolean {
  switch (operator) {
    case 'equals':
      return order === 0;
    case 'notEquals':
      return order !== 0;
    case 'less':
      return order < 0;
    case 'lessEqual':
      return order <= 0;
    case 'greater':
      return order > 0;
    case 'greaterEqual':
      return order >= 0;
  }
}

/** Numbers and words of a version: `10.0-rc1` is 10, 0, rc, 1. */
function partsOf(version: string): string[] {
  return version.toLowerCase().match(/\d+|[a-z]+/g) ?? [];
}

const isWord = (part: string | undefined): boolean => part !== undefined && !/\d/.test(part);

/** A part that is not there is 0; a word announces what is not there yet: 1.0rc1 < 1.0. */
function comparePart(left: string | undefined, right: string | undefined): number {
  if (isWord(left) || isWord(right)) {
    if (!isWord(left) || !isWord(right)) return isWord(left) ? -1 : 1;
    return left === right ? 0 : (left ?? '') < (right ?? '') ? -1 : 1;
  }
  const a = BigInt(left ?? 0);
  const b = BigInt(right ?? 0);
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Compares versions of operating systems and of files on Windows, part by part, numbers as numbers: 10.0 = 10, 9 < 10.
 * Packages have orders of their own (`compareDebianVersions`, `compareRpmVersions`).
 */
export function compareVersions(left: string, right: string): number {
  const a = partsOf(left);
  const b = partsOf(right);
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = comparePart(a[index], b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Is a version inside the bounds? Both are inclusive; a maximum of 9 includes 9.4, since it says nothing of a second part. */
export function isVersionWithin(
  version: string,
  { minimumVersion, maximumVersion }: { minimumVersion?: string | undefined; maximumVersion?: string | undefined },
): boolean {
  if (minimumVersion !== undefined && compareVersions(version, minimumVersion) < 0) return false;
  if (maximumVersion === undefined) return true;
  const said = partsOf(version).slice(0, partsOf(maximumVersion).length).join('.');
  return compareVersions(said, maximumVersion) <= 0;
}

/** What is wrong with the version a condition compares with, or undefined. */
export function versionProblem(version: string): string | undefined {
  return /^[^\s]*\d[^\s]*$/.test(version)
    ? undefined
    : `"${version.slice(0, 50)}" is no version: one has digits and no blanks`;
}
