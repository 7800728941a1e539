/** The value of a key that came from a file: only what the table itself has, so that `constructor` is nothing. */
export function lookup<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
