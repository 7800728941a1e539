import { isFields } from './field-changes.js';
import { ownFields, type TreeNode } from './sequence-tree.js';

/** So alike must two nodes be, of 0 to 1, to be one node that was renamed, or moved and changed. */
const alike = 0.5;
/** A node is compared with this many others at most, so that the work stays proportional to the sequence. */
const mostCandidates = 16;
/** Matching groups opens their children to more matching; it ends by itself, and never later than this. */
const mostRounds = 10;

type Key = (node: TreeNode) => number | undefined;

/**
 * Decides which nodes of two sequences are the same node: sets `twin` on both. First those of the same path (of several nodes
 * with one name those of the same content), then what moved, was renamed, or both.
 */
export function matchNodes(
  before: { root: TreeNode; nodes: readonly TreeNode[] },
  after: { root: TreeNode; nodes: readonly TreeNode[] },
): void {
  const open: TreeNode[] = [];
  const pair = (a: TreeNode, b: TreeNode): void => {
    a.twin = b;
    b.twin = a;
    open.push(a);
  };
  const matchBelow = (): void => {
    for (let a = open.pop(); a; a = open.pop()) {
      const b = a.twin;
      if (b) for (const key of byPath) pairEqual(a.children, b.children, key, pair);
    }
  };
  pair(before.root, after.root);
  matchBelow();
  for (let round = 0; round < mostRounds; round++) {
    const free = before.nodes.filter(isFree).length;
    pairEqual(before.nodes, after.nodes, (node) => node.whole, pair);
    matchBelow();
    pairAlike(before.nodes, after.nodes, (node) => node.typed, pair);
    matchBelow();
    for (const a of [before.root, ...before.nodes]) {
      if (!a.twin || a.children.length === 0) continue;
      pairEqual(a.children, a.twin.children, (node) => (node.children.length > 0 ? undefined : node.nameless), pair);
      pairAlike(a.children, a.twin.children, (node) => node.sort, pair);
    }
    matchBelow();
    pairEqual(before.nodes, after.nodes, (node) => (saysSomething(node) ? node.nameless : undefined), pair);
    matchBelow();
    if (before.nodes.filter(isFree).length === free) break;
  }
}

/** Children of one name, from the same to just the same name. */
const byPath: readonly Key[] = [(node) => node.whole, (node) => node.own, (node) => node.typed, (node) => node.named];

function isFree(node: TreeNode): boolean {
  return node.twin === undefined;
}

/** Pairs free nodes with equal keys in their order. */
function pairEqual(
  before: readonly TreeNode[],
  after: readonly TreeNode[],
  key: Key,
  pair: (a: TreeNode, b: TreeNode) => void,
): void {
  const waiting = freeByKey(after, key);
  if (waiting.size === 0) return;
  for (const a of before) {
    if (!isFree(a)) continue;
    const found = key(a);
    const candidates = found === undefined ? undefined : waiting.get(found);
    // What was paired meanwhile, with all that is inside it, waits no longer.
    for (let b = candidates?.shift(); b; b = candidates?.shift()) {
      if (!isFree(b)) continue;
      pair(a, b);
      break;
    }
  }
}

/** Pairs free nodes of one bucket with the one that is most like them, if it is alike enough. */
function pairAlike(
  before: readonly TreeNode[],
  after: readonly TreeNode[],
  bucket: Key,
  pair: (a: TreeNode, b: TreeNode) => void,
): void {
  const waiting = freeByKey(after, bucket);
  if (waiting.size === 0) return;
  for (const a of before) {
    if (!isFree(a)) continue;
    const found = bucket(a);
    const candidates = (found === undefined ? undefined : waiting.get(found)) ?? [];
    let best: TreeNode | undefined;
    let most = alike;
    for (const b of candidates.slice(0, mostCandidates)) {
      if (!isFree(b)) continue;
      const likeness = likenessOf(a, b);
      if (likeness > most || (best === undefined && likeness === most)) [best, most] = [b, likeness];
    }
    if (best === undefined) continue;
    candidates.splice(candidates.indexOf(best), 1);
    pair(a, best);
  }
}

function freeByKey(nodes: readonly TreeNode[], key: Key): Map<number, TreeNode[]> {
  const waiting = new Map<number, TreeNode[]>();
  for (const node of nodes) {
    const found = isFree(node) ? key(node) : undefined;
    if (found === undefined) continue;
    const list = waiting.get(found);
    if (list) list.push(node);
    else waiting.set(found, [node]);
  }
  return waiting;
}

/** Enough content to know a node by, whatever its name and wherever it is. */
function saysSomething(node: TreeNode): boolean {
  return node.children.length === 0 && contentOf(node).size >= 2;
}

/** The leaves of a node without its name, read once. */
function contentOf(node: TreeNode): Map<string, string> {
  node.content ??= node.node ? leavesOf(ownFields(node.node).nameless) : new Map<string, string>();
  return node.content;
}

/** 0 to 1: how much two nodes of one kind have in common. Groups: the names in them; steps: their settings. */
function likenessOf(a: TreeNode, b: TreeNode): number {
  if (!a.node || !b.node) return 0;
  if (a.children.length > 0 || b.children.length > 0)
    return commonShare(
      a.children.map(({ named }) => named),
      b.children.map(({ named }) => named),
    );
  if ('group' in a.node || 'sequence' in a.node) return a.nameless === b.nameless ? 1 : 0;
  const left = contentOf(a);
  const right = contentOf(b);
  const keys = new Set([...left.keys(), ...right.keys()]);
  keys.delete('/type');
  if (keys.size === 0) return 1;
  let sum = 0;
  for (const key of keys) sum += textLikeness(left.get(key), right.get(key));
  return sum / keys.size;
}

function textLikeness(a: string | undefined, b: string | undefined): number {
  if (a === b) return 1;
  if (a === undefined || b === undefined) return 0;
  return commonShare(wordsOf(a), wordsOf(b));
}

function wordsOf(text: string): string[] {
  return text
    .slice(0, 2000)
    .split(/[^\p{L}\p{N}_]+/u)
    .filter(Boolean);
}

/** Twice what both have, by what they have together. */
function commonShare<T>(a: readonly T[], b: readonly T[]): number {
  if (a.length + b.length === 0) return 0;
  const counts = new Map<T, number>();
  for (const item of a) counts.set(item, (counts.get(item) ?? 0) + 1);
  let common = 0;
  for (const item of b) {
    const left = counts.get(item) ?? 0;
    if (left === 0) continue;
    counts.set(item, left - 1);
    common++;
  }
  return (2 * common) / (a.length + b.length);
}

function leavesOf(value: unknown, path = '', leaves = new Map<string, string>()): Map<string, string> {
  if (isFields(value)) for (const [key, inner] of Object.entries(value)) leavesOf(inner, `${path}/${key}`, leaves);
  else if (value !== undefined) leaves.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  return leaves;
}
