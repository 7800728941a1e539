import type { VariableExpression } from './model.js';

/**
 * Decides one variable expression (sequence-model.md section 5.3).
 *
 * | operator | variable does not exist | variable exists |
 * |---|---|---|
 * | exists / notExists | false / true | true / false |
 * | equals / notEquals | as if it were the empty text | compared |
 * | less, lessEqual, greater, greaterEqual | false | compared |
 * | like / notLike | as if it were the empty text | `*` any text, `?` one character |
 *
 * Both sides integers: numbers are compared; otherwise texts, without regard to case.
 */
export function evaluateVariable(expression: VariableExpression, actual: string | undefined): boolean {
  const expected = expression.value ?? '';
  const present = actual !== undefined && actual !== '';
  switch (expression.operator) {
    case 'exists':
      return present;
    case 'notExists':
      return !present;
    case 'equals':
      return compareValues(actual ?? '', expected) === 0;
    case 'notEquals':
      return compareValues(actual ?? '', expected) !== 0;
    case 'less':
      return present && compareValues(actual, expected) < 0;
    case 'lessEqual':
      return present && compareValues(actual, expected) <= 0;
    case 'greater':
      return present && compareValues(actual, expected) > 0;
    case 'greaterEqual':
      return present && compareValues(actual, expected) >= 0;
    case 'like':
      return matchesWildcard(actual ?? '', expected);
    case 'notLike':
      return !matchesWildcard(actual ?? '', expected);
  }
}

const integer = /^[+-]?\d+$/;

/** Two integers as numbers of any size, all else as texts without regard to case. Negative: left comes first. */
export function compareValues(left: string, right: string): number {
  if (integer.test(left) && integer.test(right)) {
    const a = BigInt(left.replace(/^\+/, ''));
    const b = BigInt(right.replace(/^\+/, ''));
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const a = left.toLowerCase();
  const b = right.toLowerCase();
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Wildcard match without a regular expression: linear in practice, never exponential. Case does not matter. */
export function matchesWildcard(text: string, pattern: string): boolean {
  const t = text.toLowerCase();
  const p = pattern.toLowerCase();
  let ti = 0;
  let pi = 0;
  let star = -1;
  let mark = 0;
  while (ti < t.length) {
    if (p[pi] === '*') {
      star = pi++;
      mark = ti;
    } else if (pi < p.length && (p[pi] === '?' || p[pi] === t[ti])) {
      ti++;
      pi++;
    } else if (star >= 0) {
      pi = star + 1;
      ti = ++mark;
    } else {
      return false;
    }
  }
  while (p[pi] === '*') pi++;
  return pi === p.length;
}
