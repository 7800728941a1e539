import type { Condition } from '../conditions/model.js';

const longest = 300;

/** A condition in a few words for a message: `os debian, minimumVersion 12`. */
export function describeCondition(condition: Condition): string {
  const text = describe(condition);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** The requirements of which each must hold: the operands of an `all` at the top, or the condition itself. */
export function separateRequirements(condition: Condition): readonly Condition[] {
  return 'all' in condition ? condition.all : [condition];
}

function describe(condition: Condition): string {
  for (const [operator, word] of [
    ['all', 'all of'],
    ['any', 'one of'],
    ['none', 'none of'],
  ] as const) {
    if (operator in condition) {
      const operands = (condition as Record<typeof operator, Condition[]>)[operator];
      return `${word} (${operands.map(describe).join('; ')})`;
    }
  }
  if ('variable' in condition) {
    const { variable, operator, value } = condition;
    return `variable ${variable} ${operator}${value === undefined ? '' : ` "${value}"`}`;
  }
  return Object.entries(condition)
    .map(([field, value]) => `${field} ${describeValue(value)}`)
    .join(', ');
}

/** `{operator: less, value: 2}` as `less 2`. */
function describeValue(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.values(value).join(' ') : String(value);
}
