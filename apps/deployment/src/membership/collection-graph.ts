/** The members of `collection` depend on those of `needs`. */
export interface CollectionEdge {
  readonly collection: string;
  readonly needs: string;
}

/**
 * The way from `name` over `needs` back to itself, both ends included; undefined when there is none
 * (COL-04: a circle is refused on save).
 */
export function findCircle(name: string, needs: string, edges: readonly CollectionEdge[]): string[] | undefined {
  if (name === needs) return [name, name];
  const below = groupBy(edges, 'collection', 'needs');
  const before = new Map<string, string>([[needs, name]]);
  const waiting = [needs];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const lower of below.get(next) ?? []) {
      if (before.has(lower)) continue;
      before.set(lower, next);
      if (lower === name) return wayBack(name, before);
      waiting.push(lower);
    }
  }
  return undefined;
}

function wayBack(name: string, before: ReadonlyMap<string, string>): string[] {
  const way = [name];
  do way.unshift(before.get(way[0]!)!);
  while (way[0] !== name);
  return way;
}

/**
 * `start` and all that depends on it, each behind what it needs: the order in which members are brought in line.
 *
 * @param edges all edges above `start`, free of circles
 */
export function evaluationOrder(start: readonly string[], edges: readonly CollectionEdge[]): string[] {
  const above = groupBy(edges, 'needs', 'collection');
  const finished = new Set<string>();
  const order: string[] = [];
  // Depth first without recursion: a name is done when all that hangs on it is.
  const visit = (root: string): void => {
    const stack = [{ name: root, next: 0 }];
    const begun = new Set<string>([root]);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const upper = above.get(top.name)?.[top.next++];
      if (upper === undefined) {
        stack.pop();
        if (!finished.has(top.name)) order.push(top.name);
        finished.add(top.name);
      } else if (!finished.has(upper) && !begun.has(upper)) {
        begun.add(upper);
        stack.push({ name: upper, next: 0 });
      }
    }
  };
  for (const name of start) if (!finished.has(name)) visit(name);
  return order.toReversed();
}

function groupBy(
  edges: readonly CollectionEdge[],
  key: keyof CollectionEdge,
  value: keyof CollectionEdge,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const edge of edges) {
    const group = groups.get(edge[key]);
    if (group) group.push(edge[value]);
    else groups.set(edge[key], [edge[value]]);
  }
  return groups;
}
