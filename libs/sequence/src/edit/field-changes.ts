import { pointer } from '../findings.js';
import type { FieldChange } from './difference-model.js';

type Fields = Readonly<Record<string, unknown>>;

/** Text of a JSON value that is the same whatever the order of keys; a field without a value is no field. */
export function stableText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(stableText).join(',')}]`;
  const fields = value as Fields;
  let text = '{';
  for (const key of Object.keys(fields).sort()) {
    const inner = fields[key];
    if (inner !== undefined) text += `${JSON.stringify(key)}:${stableText(inner)},`;
  }
  return `${text}}`;
}

/** Which fields differ. Objects are compared field by field, arrays and conditions as a whole. */
export function fieldChanges(before: Fields, after: Fields, base = ''): FieldChange[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key): FieldChange[] => {
    const old = own(before, key);
    const now = own(after, key);
    const field = pointer(base, key);
    if (isFields(old) && isFields(now) && field !== '/condition') return fieldChanges(old, now, field);
    if (old === now || (old !== undefined && now !== undefined && stableText(old) === stableText(now))) return [];
    return [{ field, ...(old === undefined ? {} : { before: old }), ...(now === undefined ? {} : { after: now }) }];
  });
}

/** The fields with the changes made. */
export function withChanges<T extends Fields>(fields: T, changes: readonly FieldChange[]): T {
  let result: Fields = fields;
  for (const { field, ...change } of changes) result = withField(result, segments(field), change.after);
  return result as T;
}

/** The parts of a JSON pointer (RFC 6901). */
export function segments(field: string): string[] {
  return field
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function withField(fields: Fields, [key = '', ...rest]: readonly string[], value: unknown): Fields {
  const inner = own(fields, key);
  const now = rest.length === 0 ? value : withField(isFields(inner) ? inner : {}, rest, value);
  // Not by assignment: a setting may be called `__proto__`.
  const others = Object.entries(fields).filter(([name]) => name !== key);
  if (now === undefined) return Object.fromEntries(others);
  if (others.length === Object.keys(fields).length) return Object.fromEntries([...others, [key, now]]);
  return Object.fromEntries(Object.entries(fields).map(([name, old]) => [name, name === key ? now : old]));
}

function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

/** A JSON object? */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
