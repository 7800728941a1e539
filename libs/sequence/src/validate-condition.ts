import { FUTURE_EXPRESSION_KINDS, VARIABLE_OPERATORS, variableExpressionSchema } from './conditions.js';
import { type Finding, nearest, pointer } from './findings.js';
import { checkSchema, typeName } from './schema-findings.js';

const operatorNames = ['all', 'any', 'none'] as const;

/** Checks one condition and everything below it; the caller has bounded the depth. */
export function validateCondition(condition: unknown, path: string, findings: Finding[]): void {
  const push = (code: string, message: string, fix: string, at = path): void => {
    findings.push({ path: at, code, severity: 'error', message, fix });
  };
  if (typeof condition !== 'object' || condition === null || Array.isArray(condition)) {
    push('sequence.wrong-type', `a condition must be an object, not ${typeName(condition)}`, help);
    return;
  }
  const fields = condition as Record<string, unknown>;
  const operators = operatorNames.filter((name) => Object.hasOwn(fields, name));
  const [operator] = operators;
  if (operator !== undefined) {
    const others = Object.keys(fields).filter((key) => key !== operator);
    if (others.length > 0)
      push(
        'sequence.invalid-condition',
        `"${operator}" stands alone, not beside ${others.join(', ')}`,
        'nest the conditions',
      );
    validateOperands(fields[operator], operator, pointer(path, operator), findings, push);
    return;
  }
  const future = FUTURE_EXPRESSION_KINDS.find((kind) => Object.hasOwn(fields, kind));
  if (future !== undefined) {
    push(
      'sequence.condition-not-supported-yet',
      `conditions of the kind "${future}" are not supported yet`,
      'test a variable instead',
      pointer(path, future),
    );
    return;
  }
  if (!Object.hasOwn(fields, 'variable')) {
    const near = Object.keys(fields).flatMap((key) => nearest(key, [...operatorNames, 'variable']) ?? [])[0];
    push(
      'sequence.invalid-condition',
      'the condition is neither all, any, none nor a test of a variable',
      near ? `did you mean "${near}"? ${help}` : help,
    );
    return;
  }
  findings.push(...checkSchema(variableExpressionSchema, fields, path));
  const needsValue = fields['operator'] !== 'exists' && fields['operator'] !== 'notExists';
  const known = VARIABLE_OPERATORS.some((name) => name === fields['operator']);
  if (known && needsValue && fields['value'] === undefined) {
    push(
      'sequence.missing-field',
      `the operator ${String(fields['operator'])} needs a "value"`,
      'add value: "…"',
      pointer(path, 'value'),
    );
  }
}

const help = 'write {all: […]}, {any: […]}, {none: […]} or {variable: NAME, operator: equals, value: "…"}';

function validateOperands(
  operands: unknown,
  operator: string,
  path: string,
  findings: Finding[],
  push: (code: string, message: string, fix: string, at?: string) => void,
): void {
  if (!Array.isArray(operands)) {
    push(
      'sequence.wrong-type',
      `"${operator}" must be a list, not ${typeName(operands)}`,
      'write a list of conditions',
      path,
    );
  } else if (operands.length === 0) {
    push('sequence.empty-condition', `"${operator}" has no operands`, 'add a condition, or remove the operator', path);
  } else {
    operands.forEach((operand, index) => validateCondition(operand, pointer(path, index), findings));
  }
}
