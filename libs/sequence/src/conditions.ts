import { z } from 'zod';
import { LIMITS } from './limits.js';

/** Operators of a variable expression, in the order the editor shows them. */
export const VARIABLE_OPERATORS = [
  'exists',
  'notExists',
  'equals',
  'notEquals',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
  'like',
  'notLike',
] as const;
export type VariableOperator = (typeof VARIABLE_OPERATORS)[number];

/** Test of one task sequence variable; `value` is not needed for exists and notExists. */
export interface VariableExpression {
  variable: string;
  operator: VariableOperator;
  value?: string | undefined;
}

/** A node's condition: operators all (and), any (or), none (nor) over further conditions, or one expression. */
export type Condition = { all: Condition[] } | { any: Condition[] } | { none: Condition[] } | VariableExpression;

/**
 * The other expression kinds of the specification. A document with one is refused with a message of its own;
 * the engine issue adds each as a member of Condition and, where the world must be asked, a `probe` effect.
 */
export const FUTURE_EXPRESSION_KINDS = [
  'file',
  'folder',
  'registry',
  'wmi',
  'os',
  'osLanguage',
  'software',
  'facts',
] as const;

export const variableExpressionSchema = z.strictObject({
  variable: z.string().min(1).max(LIMITS.variableNameLength),
  operator: z.enum(VARIABLE_OPERATORS),
  value: z.string().max(LIMITS.variableValueLength).optional(),
});

/** Schema of a condition; recursive, so its JSON Schema is a `$ref` by the id. */
export const conditionSchema: z.ZodType<Condition> = z
  .lazy(() =>
    z.union([
      z.strictObject({ all: z.array(conditionSchema).min(1) }),
      z.strictObject({ any: z.array(conditionSchema).min(1) }),
      z.strictObject({ none: z.array(conditionSchema).min(1) }),
      variableExpressionSchema,
    ]),
  )
  .meta({ id: 'Condition', description: 'all | any | none of further conditions, or a test of one variable' });

/** Reads a variable: its value, or undefined when it does not exist (an empty value does not exist). */
export type VariableReader = (name: string) => string | undefined;

/**
 * Decides a condition.
 *
 * | operator | true when | empty list |
 * |---|---|---|
 * | all  | every operand is true | true |
 * | any  | at least one operand is true | false |
 * | none | no operand is true (nor, not "not all") | true |
 */
export function evaluateCondition(condition: Condition, read: VariableReader): boolean {
  if ('all' in condition) return condition.all.every((operand) => evaluateCondition(operand, read));
  if ('any' in condition) return condition.any.some((operand) => evaluateCondition(operand, read));
  if ('none' in condition) return !condition.none.some((operand) => evaluateCondition(operand, read));
  return evaluateVariable(condition, read(condition.variable));
}

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
      return compare(actual ?? '', expected) === 0;
    case 'notEquals':
      return compare(actual ?? '', expected) !== 0;
    case 'less':
      return present && compare(actual, expected) < 0;
    case 'lessEqual':
      return present && compare(actual, expected) <= 0;
    case 'greater':
      return present && compare(actual, expected) > 0;
    case 'greaterEqual':
      return present && compare(actual, expected) >= 0;
    case 'like':
      return matchesWildcard(actual ?? '', expected);
    case 'notLike':
      return !matchesWildcard(actual ?? '', expected);
  }
}

const integer = /^[+-]?\d+$/;

function compare(left: string, right: string): number {
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
