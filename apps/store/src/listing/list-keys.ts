import { type SortedKeys, compareKeys } from './sorted-keys.js';

/** What a listing asks for. */
export interface KeyQuery {
  /** Only keys that start with this. */
  prefix: string;
  /** Keys are rolled up to the first delimiter after the prefix; empty for no roll-up. */
  delimiter: string;
  /** Begin after this key or, when it is a rolled-up prefix of an earlier page, after everything below it. */
  after: string;
  maxKeys: number;
}

/** One entry of a page. */
export type ListedKey = { kind: 'key' | 'common-prefix'; name: string };

/** One page of a listing, in key order. */
export interface KeyPage {
  entries: ListedKey[];
  /** Whether more would follow. */
  truncated: boolean;
}

/** Lists one page of keys. Rolled-up keys are skipped by search, so a page costs its own length, not the bucket's. */
export function listKeys(keys: SortedKeys, query: KeyQuery): KeyPage {
  const { prefix, delimiter, after, maxKeys } = query;
  const entries: ListedKey[] = [];
  if (maxKeys === 0) return { entries, truncated: false };
  let cursor = keys.from((key) => compareKeys(key, after) > 0 && compareKeys(key, prefix) >= 0);
  for (let next = cursor.next(); !next.done; next = cursor.next()) {
    const key = next.value;
    if (!key.startsWith(prefix)) break;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const commonPrefix = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (commonPrefix !== after) {
      if (entries.length === maxKeys) return { entries, truncated: true };
      entries.push({ kind: commonPrefix === undefined ? 'key' : 'common-prefix', name: commonPrefix ?? key });
    }
    if (commonPrefix !== undefined) {
      cursor = keys.from((later) => compareKeys(later, commonPrefix) > 0 && !later.startsWith(commonPrefix));
    }
  }
  return { entries, truncated: false };
}
