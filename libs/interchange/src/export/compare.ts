import type { SequenceOrigin } from '../source/find-sequences.js';
import { attribute, type XmlElement } from '../xml/xml-element.js';

/** A value as text that does not depend on the order of keys, nor on keys without a value. */
export function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => `${JSON.stringify(key)}:${stable(one)}`)
    .join(',')}}`;
}

/** Do two values say the same, whatever the order of keys? Keys without a value do not count. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other))
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((entry, index) => same(entry, other[index]))
    );
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>];
  return (
    Object.keys(left).every((key) => same(left[key], right[key])) &&
    Object.keys(right).every((key) => right[key] === undefined || Object.hasOwn(left, key))
  );
}

/** An element as text that does not depend on blanks around texts, nor on the order of attributes. */
export function stableXml(element: XmlElement): string {
  return stable([
    element.name,
    Object.fromEntries([...element.attributes].map(([key, { value }]) => [key, value])),
    element.text.trim(),
    element.name === 'expression' ? element.children.map(stableXml).toSorted() : element.children.map(stableXml),
  ]);
}

/** ConfigMgr writes variables by the names of their properties, numbers in them as numbers; MDT in no order. In place. */
export function sortVariables(variables: XmlElement[], dialect: SequenceOrigin): void {
  if (dialect === 'mdt') return;
  const key = (one: XmlElement): string =>
    (attribute(one, 'property') ?? attribute(one, 'name') ?? '').replace(/\d+/g, (digits) => digits.padStart(10, '0'));
  variables.sort((one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0));
}
