import { z } from 'zod';
import { LIMITS } from '../limits.js';

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

/** Operators that compare two versions, times or numbers. */
export const COMPARISON_OPERATORS = ['equals', 'notEquals', 'less', 'lessEqual', 'greater', 'greaterEqual'] as const;
export type ComparisonOperator = (typeof COMPARISON_OPERATORS)[number];

/** Operators of a registry expression. */
export const REGISTRY_OPERATORS = ['exists', 'notExists', ...COMPARISON_OPERATORS] as const;

export const REGISTRY_TYPES = ['String', 'ExpandString', 'DWord', 'QWord', 'MultiString', 'Binary', 'None'] as const;

const text = (maximum: number) => z.string().min(1).max(maximum);

/** Test of one task sequence variable; `value` is not needed for exists and notExists. Decided by the engine itself. */
export const variableExpressionSchema = z.strictObject({
  variable: text(LIMITS.variableNameLength),
  operator: z.enum(VARIABLE_OPERATORS),
  value: z.string().max(LIMITS.variableValueLength).optional(),
});
export type VariableExpression = z.infer<typeof variableExpressionSchema>;

const versionTest = z
  .strictObject({ operator: z.enum(COMPARISON_OPERATORS), value: text(100) })
  .meta({ description: 'compares versions part by part, numbers as numbers' });
const timeTest = z
  .strictObject({
    operator: z.enum(COMPARISON_OPERATORS),
    value: z.iso.datetime({ offset: true, error: 'must be a time such as 2026-01-31T12:00:00Z' }),
  })
  .meta({ description: 'compares the time of the last change, in UTC' });

/** The file exists and, where given, its version and its time of change fit. The path may hold `%NAME%`. */
export const fileExpressionSchema = z.strictObject({
  file: text(LIMITS.pathLength),
  version: versionTest.optional(),
  modified: timeTest.optional(),
});

/** The folder exists and, where given, its time of change fits. */
export const folderExpressionSchema = z.strictObject({
  folder: text(LIMITS.pathLength),
  modified: timeTest.optional(),
});

/**
 * Software is installed: on Linux a package of the system's package manager by its name, on Windows a product by its name,
 * product code (this very version) or upgrade code (any version).
 */
export const softwareExpressionSchema = z.strictObject({
  software: text(256),
  version: versionTest.optional(),
  productCode: text(64).optional(),
  upgradeCode: text(64).optional(),
});

/** The operating system: `os` is the ID of os-release, or `windows`. Versions are inclusive and compared part by part. */
export const osExpressionSchema = z.strictObject({
  os: text(100),
  minimumVersion: text(100).optional(),
  maximumVersion: text(100).optional(),
  architecture: z.enum(['x64', 'x86', 'arm64', 'arm']).optional(),
});

/** The language of the operating system: a tag such as `de-DE` or `de`, or the decimal number Windows uses (1031). */
export const osLanguageExpressionSchema = z.strictObject({ osLanguage: text(40) });

/** A question to the facts of the computer, in CEL: `os.id == "debian" && memoryMegabytes >= 2048`. */
export const factsExpressionSchema = z.strictObject({ facts: text(LIMITS.factsQueryLength) });

/** A value of the Windows registry. `name` absent means the default value; `valueType` counts for exists and notExists only. */
export const registryExpressionSchema = z.strictObject({
  registry: text(1000),
  name: z.string().max(250).optional(),
  operator: z.enum(REGISTRY_OPERATORS),
  valueType: z.enum(REGISTRY_TYPES).optional(),
  value: z.string().max(LIMITS.variableValueLength).optional(),
});

/** A WMI query that returns at least one row. */
export const wmiExpressionSchema = z.strictObject({
  wmi: text(16_384),
  namespace: text(256).optional(),
});

/** Expression kinds by the field that names them. Adding a kind: its schema here, its answer in the agent's `probes`. */
export const EXPRESSION_SCHEMAS = {
  variable: variableExpressionSchema,
  file: fileExpressionSchema,
  folder: folderExpressionSchema,
  software: softwareExpressionSchema,
  os: osExpressionSchema,
  osLanguage: osLanguageExpressionSchema,
  facts: factsExpressionSchema,
  registry: registryExpressionSchema,
  wmi: wmiExpressionSchema,
} as const;

export type ExpressionKind = keyof typeof EXPRESSION_SCHEMAS;
export type Expression = z.infer<(typeof EXPRESSION_SCHEMAS)[ExpressionKind]>;

/** An expression that only the computer can answer. */
export type WorldExpression = Exclude<Expression, VariableExpression>;
export type WorldExpressionKind = Exclude<ExpressionKind, 'variable'>;

/** The world expression of one kind. */
export type WorldExpressionOf<K extends WorldExpressionKind> = z.infer<(typeof EXPRESSION_SCHEMAS)[K]>;

/** A node's condition: operators all (and), any (or), none (nor) over further conditions, or one expression. */
export type Condition = { all: Condition[] } | { any: Condition[] } | { none: Condition[] } | Expression;

/** Schema of a condition; recursive, so its JSON Schema is a `$ref` by the id. */
export const conditionSchema: z.ZodType<Condition> = z
  .lazy(() =>
    z.union([
      z.strictObject({ all: z.array(conditionSchema).min(1) }),
      z.strictObject({ any: z.array(conditionSchema).min(1) }),
      z.strictObject({ none: z.array(conditionSchema).min(1) }),
      ...Object.values(EXPRESSION_SCHEMAS),
    ]),
  )
  .meta({ id: 'Condition', description: 'all | any | none of further conditions, or one expression' });

/** What a driver answers to a world expression. */
export const probeAnswerSchema = z.union([
  z.strictObject({ result: z.boolean(), actual: z.string().max(500).optional() }),
  z.strictObject({ error: z.strictObject({ code: z.string().max(200), message: z.string().max(1000) }) }),
]);
export type ProbeAnswer = z.infer<typeof probeAnswerSchema>;

/** What becomes of a node whose condition cannot be decided: it is skipped with a warning, or it fails. */
export const CONDITION_ERROR_POLICIES = ['skip', 'fail'] as const;
export type ConditionErrorPolicy = (typeof CONDITION_ERROR_POLICIES)[number];

/** The field that names an expression's kind. */
export function expressionKind(expression: Expression): ExpressionKind {
  for (const kind of Object.keys(EXPRESSION_SCHEMAS) as ExpressionKind[]) if (kind in expression) return kind;
  throw new RangeError('no expression of a known kind');
}

export const isVariableExpression = (expression: Expression): expression is VariableExpression =>
  'variable' in expression;
