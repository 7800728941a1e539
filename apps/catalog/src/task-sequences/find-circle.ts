/**
 * A way from a sequence through one of its children to where it has been before: `[a, b, a]`, or `[p, a, b, a]` when the
 * circle is further down. Undefined: there is none.
 *
 * @param name of the sequence
 * @param child the child whose ways are looked at
 * @param children of each sequence that can be reached; those of `name` itself do not matter
 */
export function findCircle(
  name: string,
  child: string,
  children: ReadonlyMap<string, readonly string[]>,
): string[] | undefined {
  const way = [name];
  const onWay = new Set(way);
  const clean = new Set<string>();
  /** Names still to be tried, one list for each member of the way but the last: no recursion, however long it is. */
  const open: string[][] = [[child]];
  while (open.length > 0) {
    const next = open.at(-1)?.pop();
    if (next === undefined) {
      open.pop();
      const done = way.pop();
      if (done !== undefined) {
        onWay.delete(done);
        clean.add(done);
      }
    } else if (onWay.has(next)) {
      return [...way, next];
    } else if (!clean.has(next)) {
      way.push(next);
      onWay.add(next);
      open.push((children.get(next) ?? []).toReversed());
    }
  }
  return undefined;
}
