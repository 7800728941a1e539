/**
 * Sequences on circles of calls, each with its circle: `a` → [a, b, a]. What is left without them has no circle. In one pass, without
 * recursion: files from strangers may have many sequences.
 *
 * @param calls names of the sequences that each sequence calls; other names are nothing
 */
export function findCircles(calls: ReadonlyMap<string, Iterable<string>>): Map<string, readonly string[]> {
  const circles = new Map<string, readonly string[]>();
  const done = new Set<string>();
  for (const root of calls.keys()) {
    if (done.has(root)) continue;
    const path = [root];
    const depth = new Map([[root, 0]]);
    const open = [iterate(calls, root)];
    while (open.length > 0) {
      const next = open.at(-1)?.next();
      if (next === undefined || next.done) {
        open.pop();
        const left = path.pop() ?? root;
        depth.delete(left);
        done.add(left);
        continue;
      }
      const called = next.value;
      const at = depth.get(called);
      if (at !== undefined) markCircle(path.slice(at), circles);
      else if (calls.has(called) && !done.has(called)) {
        depth.set(called, path.length);
        path.push(called);
        open.push(iterate(calls, called));
      }
    }
  }
  return circles;
}

/** Names longer circles are not told in full; many circles through one path would cost their lengths each time. */
const toldLength = 20;

function markCircle(circle: readonly string[], circles: Map<string, readonly string[]>): void {
  const told = circle.length > toldLength ? [...circle.slice(0, toldLength), '…'] : circle;
  for (const [index, name] of circle.entries()) {
    if (circles.has(name)) continue;
    const turned = circle.length > toldLength ? told : [...circle.slice(index), ...circle.slice(0, index)];
    circles.set(name, [...turned, turned[0] ?? name]);
  }
}

function iterate(calls: ReadonlyMap<string, Iterable<string>>, name: string): Iterator<string> {
  return (calls.get(name) ?? [])[Symbol.iterator]();
}
