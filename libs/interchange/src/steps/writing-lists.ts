import type { WrittenProperty } from './mapping.js';
import { textOf } from './fields.js';

/**
 * A list as numbered properties: `AppInfo0Name` of `AppInfo`, published as `OSDApp0Name`. In front stand the two counts that
 * writers put there.
 */
export function numbered(
  property: string,
  variable: string,
  entries: readonly Readonly<Record<string, unknown>>[],
): WrittenProperty[] {
  return [
    { property, name: variable, value: String(entries.length), hidden: true },
    ...entries.flatMap((entry, index) =>
      Object.entries(entry).flatMap(([field, value]): WrittenProperty[] => {
        const text = textOf(value);
        if (text === undefined) return [];
        return [{ property: `${property}${index}${field}`, name: `${variable}${index}${field}`, value: text }];
      }),
    ),
  ];
}

/** A property that is there when it has a value. */
export function given(
  property: string,
  value: unknown,
  more: { name?: string; hidden?: boolean } = {},
): WrittenProperty[] {
  const text = textOf(value);
  return text === undefined ? [] : [{ property, value: text, ...more }];
}

/** Entries of a setting that is a list of objects. */
export function entriesOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? (value as Readonly<Record<string, unknown>>[]) : [];
}

/** Texts of a setting that is a list, or one text with commas. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
