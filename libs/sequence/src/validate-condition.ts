import { versionProblem } from './conditions/compare.js';
import type { FactsInspector } from './conditions/facts-inspector.js';
import { languageTag } from './conditions/language.js';
import { EXPRESSION_SCHEMAS, type ExpressionKind } from './conditions/model.js';
import { FACT_SHAPE, type FactShape, factsSchema } from './conditions/facts-schema.js';
import { type Finding, nearest, pointer } from './findings.js';
import { checkSchema, typeName } from './schema-findings.js';

const operatorNames = ['all', 'any', 'none'] as const;

/** Checks one condition and everything below it; the caller has bounded the depth. */
export function validateCondition(
  condition: unknown,
  path: string,
  findings: Finding[],
  inspect: FactsInspector,
): void {
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
    const below = pointer(path, operator);
    validateOperands(fields[operator], operator, below, push, (operand, index) =>
      validateCondition(operand, pointer(below, index), findings, inspect),
    );
    return;
  }
  const kinds = (Object.keys(EXPRESSION_SCHEMAS) as ExpressionKind[]).filter((kind) => Object.hasOwn(fields, kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const near = Object.keys(fields).flatMap((key) => nearest(key, words) ?? [])[0];
    push(
      'sequence.invalid-condition',
      kind === undefined
        ? `the condition is none of ${words.join(', ')}`
        : `one expression tests one thing, not ${kinds.join(' and ')} at once`,
      kind === undefined && near ? `did you mean "${near}"? ${help}` : help,
    );
    return;
  }
  const shape = checkSchema(EXPRESSION_SCHEMAS[kind], fields, path);
  findings.push(...shape);
  if (shape.length > 0) return;
  findings.push(...checkMeaning(kind, fields, path, inspect));
  const comparing = kind === 'variable' || kind === 'registry';
  const needsValue = fields['operator'] !== 'exists' && fields['operator'] !== 'notExists';
  if (comparing && needsValue && fields['value'] === undefined) {
    push(
      'sequence.missing-field',
      `the operator ${String(fields['operator'])} needs a "value"`,
      'add value: "…"',
      pointer(path, 'value'),
    );
  }
}

/** What no schema sees. Texts with `%NAME%` are known only when the condition is asked. */
function checkMeaning(
  kind: ExpressionKind,
  fields: Record<string, unknown>,
  path: string,
  inspect: FactsInspector,
): Finding[] {
  const findings: Finding[] = [];
  const push = (code: string, field: string, message: string, fix: string): void => {
    const severity = code === 'condition.unknown-fact' ? 'warning' : 'error';
    findings.push({ path: field.split('/').reduce(pointer, path), code, severity, message, fix });
  };
  if (kind === 'facts') {
    const inspected = inspect(String(fields['facts']));
    if ('problem' in inspected)
      push('condition.invalid-query', 'facts', `the facts query cannot be used: ${inspected.problem}`, queryHelp);
    for (const fact of 'problem' in inspected ? [] : inspected.unknownFacts) {
      const near = nearest(fact, factNames);
      const fix = near ? `did you mean ${near}?` : `facts begin with ${Object.keys(factsSchema.shape).join(', ')}`;
      push('condition.unknown-fact', 'facts', `no computer tells a fact "${fact.slice(0, 100)}"`, fix);
    }
  }
  const { osLanguage, version } = fields as { osLanguage?: string; version?: { value: string } };
  if (osLanguage !== undefined && !osLanguage.includes('%') && languageTag(osLanguage) === undefined)
    push('condition.unknown-language', 'osLanguage', `"${osLanguage}" is no known language`, languageHelp);
  const versions = {
    'version/value': version?.value,
    minimumVersion: fields['minimumVersion'],
    maximumVersion: fields['maximumVersion'],
  };
  for (const [field, value] of Object.entries(versions)) {
    if (typeof value !== 'string' || value.includes('%')) continue;
    const problem = versionProblem(value);
    if (problem !== undefined) push('condition.invalid-version', field, problem, 'write a version such as 12.4');
  }
  return findings;
}

const factNames = namesOf(FACT_SHAPE);

function namesOf(shape: FactShape): string[] {
  if (shape.kind !== 'record') return [];
  return Object.entries(shape.fields).flatMap(([name, field]) => [name, ...namesOf(field).map((x) => `${name}.${x}`)]);
}

const languageHelp = 'write a tag such as de or de-DE, or the number that Windows has for it, such as 1031';
const words = [...operatorNames, ...Object.keys(EXPRESSION_SCHEMAS)];
const queryHelp = 'write for example: os.id == "debian" && memoryMegabytes >= 2048';
const help = 'write {all: […]}, {any: […]}, {none: […]} or {variable: NAME, operator: equals, value: "…"}';

function validateOperands(
  operands: unknown,
  operator: string,
  path: string,
  push: (code: string, message: string, fix: string, at?: string) => void,
  validate: (operand: unknown, index: number) => void,
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
    operands.forEach(validate);
  }
}
