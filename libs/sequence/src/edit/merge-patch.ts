import { isFields } from './field-changes.js';

type Fields = Readonly<Record<string, unknown>>;

/** JSON merge patch (RFC 7396) of an object: objects field by field, null removes, everything else replaces. */
export function mergePatch(target: Fields, patch: Fields): Record<string, unknown> {
  const merged = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    const old = merged.get(key);
    if (value === null) merged.delete(key);
    else merged.set(key, isFields(value) ? mergePatch(isFields(old) ? old : {}, value) : value);
  }
  // Not by assignment: a setting may be called `__proto__`.
  return Object.fromEntries(merged);
}
