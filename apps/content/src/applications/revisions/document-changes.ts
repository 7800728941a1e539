import { sameJson } from '@muster/contracts/digest.js';
import { jsonPointer } from '@muster/contracts/judge.js';
import type { DocumentChange } from '@muster/contracts/kinds/application-revision.js';

type Document = Readonly<Record<string, unknown>>;

/**
 * What changed from one document to another, at the deepest place that has both. Parts of a list that all have names are the same
 * part where they have the same name, wherever they stand: then their order is one change. Pure.
 */
export function documentChanges(before: unknown, after: unknown, path: readonly string[] = []): DocumentChange[] {
  if (sameJson(before, after)) return [];
  if (isObject(before) && isObject(after)) return changesByKey(before, after, path);
  if (Array.isArray(before) && Array.isArray(after)) {
    const [one, other] = [byName(before), byName(after)];
    if (one && other) return [...changeOfOrder(one, other, path), ...changesByKey(one, other, path)];
    if (before.length === after.length)
      return before.flatMap((part, index) => documentChanges(part, after[index], [...path, String(index)]));
  }
  return [{ path: jsonPointer(path), change: 'changed', before, after }];
}

/** The same for people, a line each. Pure. */
export function changeLines(changes: readonly DocumentChange[]): string[] {
  return changes.map(({ path, change, before, after }) => {
    if (change === 'added') return `+ ${path}: ${JSON.stringify(after)}`;
    if (change === 'removed') return `- ${path}: ${JSON.stringify(before)}`;
    return `${change === 'moved' ? '>' : '~'} ${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
  });
}

function changesByKey(before: Document, after: Document, path: readonly string[]): DocumentChange[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key): DocumentChange[] => {
    const place = [...path, key];
    if (!Object.hasOwn(before, key)) return [{ path: jsonPointer(place), change: 'added', after: after[key] }];
    if (!Object.hasOwn(after, key)) return [{ path: jsonPointer(place), change: 'removed', before: before[key] }];
    return documentChanges(before[key], after[key], place);
  });
}

function changeOfOrder(before: Document, after: Document, path: readonly string[]): DocumentChange[] {
  const [one, other] = [
    Object.keys(before).filter((name) => Object.hasOwn(after, name)),
    Object.keys(after).filter((name) => Object.hasOwn(before, name)),
  ];
  if (sameJson(one, other)) return [];
  return [{ path: jsonPointer(path), change: 'moved', before: one, after: other }];
}

/** The parts of a list by their names, where each has one of its own. Names that are numbers would not keep their order. */
function byName(list: readonly unknown[]): Document | undefined {
  const named: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const part of list) {
    if (!isObject(part) || typeof part['name'] !== 'string') return undefined;
    const { name } = part as { name: string };
    if (/^\d+$/.test(name) || Object.hasOwn(named, name)) return undefined;
    named[name] = part;
  }
  return named;
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
