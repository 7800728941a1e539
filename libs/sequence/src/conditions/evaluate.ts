import {
  type Condition,
  type Expression,
  type ProbeAnswer,
  type WorldExpression,
  isVariableExpression,
} from './model.js';
import { evaluateVariable } from './variable-expression.js';

/** Outcome of a condition or a part of it; `unknown` when it hangs on something nobody could answer. */
export type Truth = true | false | 'unknown';

/** What a condition may look at. */
export interface ConditionScope {
  /** A variable's value, or undefined when it does not exist (an empty value does not exist). */
  read(name: string): string | undefined;
  /** Is it a variable of which nobody can say yet whether it exists? Absent: there is none. */
  isOpen?(name: string): boolean;
  /** The computer's answer to an expression, if it was asked already. */
  answer?(expression: WorldExpression): ProbeAnswer | undefined;
}

/** Why a condition on a variable is undecided before there is a run. */
export const KNOWN_WHEN_IT_RUNS = {
  code: 'condition.not-asked',
  message: 'whether this variable exists is known only when it runs',
} as const;

/** One row of a truth table: an operator with its operands, or an expression with what was found. */
export type ConditionTrace =
  | {
      readonly operator: 'all' | 'any' | 'none';
      readonly outcome: Truth;
      readonly operands: readonly ConditionTrace[];
    }
  | {
      readonly expression: Expression;
      readonly outcome: Truth;
      readonly actual?: string | undefined;
      readonly error?: { readonly code: string; readonly message: string } | undefined;
    };

/**
 * Decides a condition, with three values (Kleene): what is unknown spreads only where it matters.
 *
 * | operator | true when | false when | empty list |
 * |---|---|---|---|
 * | all  | every operand is true | one operand is false | true |
 * | any  | one operand is true | every operand is false | false |
 * | none | every operand is false (nor, not "not all") | one operand is true | true |
 */
export function evaluateCondition(condition: Condition, scope: ConditionScope): Truth {
  if ('all' in condition) return combine('all', condition.all, (operand) => evaluateCondition(operand, scope));
  if ('any' in condition) return combine('any', condition.any, (operand) => evaluateCondition(operand, scope));
  if ('none' in condition) return combine('none', condition.none, (operand) => evaluateCondition(operand, scope));
  return evaluateExpression(condition, scope).outcome;
}

/** The same decision with every part's outcome, nothing cut short. For explain. */
export function traceCondition(condition: Condition, scope: ConditionScope): ConditionTrace {
  for (const operator of ['all', 'any', 'none'] as const) {
    if (!(operator in condition)) continue;
    const operands = (condition as Record<typeof operator, Condition[]>)[operator].map((operand) =>
      traceCondition(operand, scope),
    );
    return { operator, outcome: combine(operator, operands, (operand) => operand.outcome), operands };
  }
  return evaluateExpression(condition as Expression, scope);
}

/**
 * The expressions to ask the computer about before the condition can be decided, in document order: none when the
 * variables decide it alone.
 */
export function openQuestions(condition: Condition, scope: ConditionScope): WorldExpression[] {
  if (evaluateCondition(condition, scope) !== 'unknown') return [];
  const open: WorldExpression[] = [];
  const visit = (part: Condition): void => {
    const operands = 'all' in part ? part.all : 'any' in part ? part.any : 'none' in part ? part.none : undefined;
    if (operands) operands.forEach(visit);
    else if (!isVariableExpression(part as Expression) && scope.answer?.(part as WorldExpression) === undefined)
      open.push(part as WorldExpression);
  };
  visit(condition);
  return open;
}

function combine<T>(operator: 'all' | 'any' | 'none', operands: readonly T[], decide: (operand: T) => Truth): Truth {
  const deciding = operator !== 'all';
  let unknown = false;
  for (const operand of operands) {
    const truth = decide(operand);
    if (truth === 'unknown') unknown = true;
    else if (truth === deciding) return operator === 'any';
  }
  return unknown ? 'unknown' : operator !== 'any';
}

function evaluateExpression(
  expression: Expression,
  scope: ConditionScope,
): ConditionTrace & { expression: Expression } {
  if (isVariableExpression(expression)) {
    const actual = scope.read(expression.variable);
    if (actual === undefined && scope.isOpen?.(expression.variable) === true)
      return { expression, outcome: 'unknown', error: KNOWN_WHEN_IT_RUNS };
    const outcome = evaluateVariable(expression, actual);
    return actual === undefined ? { expression, outcome } : { expression, outcome, actual };
  }
  const answer = scope.answer?.(expression);
  if (!answer) return { expression, outcome: 'unknown' };
  if ('error' in answer) return { expression, outcome: 'unknown', error: answer.error };
  return answer.actual === undefined
    ? { expression, outcome: answer.result }
    : { expression, outcome: answer.result, actual: answer.actual };
}
