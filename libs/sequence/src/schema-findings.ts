import type { z } from 'zod';
import { type Finding, nearest, pointer } from './findings.js';

type Issue = z.core.$ZodIssue;

/**
 * Findings of one shallow schema. Unions and recursion are walked by hand in validate.ts, so that every
 * finding names one place and one cure.
 */
export function checkSchema(schema: z.ZodType, value: unknown, path: string): Finding[] {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => toFindings(issue, schema, value, path));
}

function toFindings(issue: Issue, schema: z.ZodType, root: unknown, base: string): Finding[] {
  const path = issue.path.reduce<string>((prefix, segment) => pointer(prefix, segment), base);
  const found = (code: string, message: string, fix: string, at = path): Finding => ({
    path: at,
    code,
    severity: 'error',
    message,
    fix,
  });
  const label = issue.path.length > 0 ? `"${issue.path.map(String).join('.')}"` : 'this';
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = issue.path.length === 0 ? fieldsOf(schema) : [];
      return issue.keys.map((key) => {
        const near = nearest(key, known);
        const fix = near
          ? `did you mean "${near}"?`
          : known.length > 0
            ? `known fields: ${known.join(', ')}`
            : 'remove it';
        return found('sequence.unknown-field', `"${key}" is no field here`, fix, pointer(path, key));
      });
    }
    case 'invalid_type': {
      const actual = valueAt(root, issue.path);
      if (actual === undefined)
        return [found('sequence.missing-field', `${label} is missing`, `add ${label} (${issue.expected})`)];
      const quote = issue.expected === 'string' && (typeof actual === 'number' || typeof actual === 'boolean');
      const fix = quote ? `write it in quotes: "${String(actual)}"` : `write a value of type ${issue.expected}`;
      return [found('sequence.wrong-type', `${label} must be of type ${issue.expected}, not ${typeName(actual)}`, fix)];
    }
    case 'too_small':
    case 'too_big': {
      const [bound, limit] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
      const rule = `${bound} ${String(limit)}${unitOf(issue.origin, Number(limit))}`;
      return [found('sequence.out-of-range', `${label} ${OUT_OF_RANGE[issue.code](issue.origin)}`, `make it ${rule}`)];
    }
    case 'invalid_value':
      return [
        found(
          'sequence.invalid-value',
          `${label} has an unknown value`,
          `one of: ${issue.values.map(String).join(', ')}`,
        ),
      ];
    case 'invalid_union':
      return unionFindings(issue, schema, root, base, valueAt(root, issue.path), found, label);
    case 'custom': {
      const { code, fix }: { code?: unknown; fix?: unknown } = issue.params ?? {};
      return [
        found(
          typeof code === 'string' ? code : 'sequence.invalid-value',
          sentence(issue.message, label),
          typeof fix === 'string' ? fix : fixOf(issue.message),
        ),
      ];
    }
    default:
      return [found('sequence.invalid-value', sentence(issue.message, label), fixOf(issue.message))];
  }
}

/**
 * Findings of a value that fits none of several forms: those of the form it was meant to have, which is the one whose
 * type it has; else one finding that names all types.
 */
function unionFindings(
  issue: z.core.$ZodIssueInvalidUnion,
  schema: z.ZodType,
  root: unknown,
  base: string,
  actual: unknown,
  found: (code: string, message: string, fix: string) => Finding,
  label: string,
): Finding[] {
  const forms = issue.errors.map((form) => form.filter((inner) => inner.path.length === 0));
  const choices = forms.flatMap((form) =>
    form.flatMap((inner) => (inner.code === 'invalid_value' ? inner.values : [])),
  );
  const types = forms.flatMap((form) => form.flatMap((inner) => (isOtherType(inner) ? inner.expected : [])));
  const oneOf = `one of: ${choices.map(String).join(', ')}`;
  const list = [...new Set(types)].map((type) => (type === 'int' ? 'whole number' : type)).join(' or ');
  if (actual === undefined) {
    const wanted = choices.length > 0 ? oneOf : list;
    return [
      found('sequence.missing-field', `${label} is missing`, `add ${label}${wanted === '' ? '' : ` (${wanted})`}`),
    ];
  }
  const form = issue.errors.find((inner) => !inner.some(isOtherType));
  if (form)
    return form.flatMap((inner) => toFindings({ ...inner, path: [...issue.path, ...inner.path] }, schema, root, base));
  if (list === '') return [found('sequence.invalid-value', `${label}: ${issue.message}`, 'correct the value')];
  const message = `${label} must be of type ${list}, not ${typeName(actual)}`;
  return [found('sequence.wrong-type', message, `write a value of type ${list}`)];
}

const isOtherType = (issue: Issue): issue is z.core.$ZodIssueInvalidType =>
  issue.code === 'invalid_type' && issue.path.length === 0;

/** Messages that go on after the name of the field ("must be …") get the name. */
function sentence(message: string, label: string): string {
  if (/^(must|is|has) /.test(message)) return `${label} ${message}`;
  return /^[A-Z]/.test(message) ? `${label}: ${message}` : message;
}

/** What would be right, from a message that says it. */
function fixOf(message: string): string {
  return message.startsWith('must be ') ? `make it ${message.slice('must be '.length)}` : 'correct the value';
}

/** Field names of an object schema, refined or not. */
function fieldsOf(schema: z.ZodType): string[] {
  const shape: unknown = 'shape' in schema ? schema.shape : undefined;
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[segment];
  }
  return value;
}

/** Type of a JSON value in words. */
export function typeName(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/** What is wrong with a value whose size is not allowed. */
const OUT_OF_RANGE = {
  too_small: (origin: string) =>
    origin === 'string' ? 'is too short' : origin === 'array' ? 'has too few entries' : 'is too small',
  too_big: (origin: string) =>
    origin === 'string' ? 'is too long' : origin === 'array' ? 'has too many entries' : 'is too large',
} as const;

function unitOf(origin: string, count: number): string {
  if (origin === 'string') return count === 1 ? ' character' : ' characters';
  if (origin === 'array') return count === 1 ? ' entry' : ' entries';
  return '';
}
