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
      const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : '';
      const [bound, limit] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
      const rule = `${bound} ${String(limit)}${unit}`;
      return [found('sequence.out-of-range', `${label} is out of range: ${rule}`, `make it ${rule}`)];
    }
    case 'invalid_value':
      return [
        found(
          'sequence.invalid-value',
          `${label} has an unknown value`,
          `one of: ${issue.values.map(String).join(', ')}`,
        ),
      ];
    case 'custom': {
      const code: unknown = issue.params?.['code'];
      return [found(typeof code === 'string' ? code : 'sequence.invalid-value', issue.message, 'correct the value')];
    }
    default:
      return [found('sequence.invalid-value', `${label}: ${issue.message}`, 'correct the value')];
  }
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
