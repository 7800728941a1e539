import { isGroup, isStep, type SequenceNode, type SequenceSpec } from '../model.js';
import type { FieldChange, NodePlace, SequenceDifference } from './difference-model.js';
import { fieldChanges } from './field-changes.js';
import { markedSecrets } from './mask-difference.js';
import { matchNodes } from './match-nodes.js';
import { buildTree, Numbers, ownFields, type TreeNode } from './sequence-tree.js';

/**
 * What is different between two valid sequences, node by node: removed, added, moved, changed. Nodes are the same node when
 * they have the same path, or else when their content says so. Every entry stands alone: what moved out of a removed
 * group is not part of it, and a moved node that changed is in both lists. `applyDifference` makes the second out of the first.
 * Secrets are in it as they are: `maskDifference` before anybody sees it.
 *
 * @param touched paths in `before` of nodes that somebody moved: of two that changed places it is said which one did
 */
export function diffSequences(
  before: SequenceSpec,
  after: SequenceSpec,
  touched: readonly string[] = [],
): SequenceDifference {
  const numbers = new Numbers();
  const old = buildTree(before, numbers);
  const now = buildTree(after, numbers);
  matchNodes(old, now);
  const moved = findMoved(now, new Set(touched));
  return {
    properties: fieldChanges(propertiesOf(before), propertiesOf(after)),
    removed: old.nodes
      .filter((one) => !one.twin && one.parent?.twin)
      .map((one) => ({ ...placeOf(one), node: alone(one) })),
    added: now.nodes
      .filter((one) => !one.twin && one.parent?.twin)
      .map((one) => ({ ...placeOf(one), node: alone(one) })),
    moved: now.nodes.flatMap((one) =>
      one.twin && moved.has(one) ? [{ from: placeOf(one.twin), to: placeOf(one) }] : [],
    ),
    changed: now.nodes.flatMap((one) => {
      if (!one.twin?.node || !one.node || one.own === one.twin.own) return [];
      const changes = fieldChanges(ownFields(one.twin.node).fields, ownFields(one.node).fields);
      const fields = markSecrets(changes, [one.twin.node, one.node]);
      const type = isStep(one.node) ? { type: one.node.type } : {};
      return [{ before: placeOf(one.twin), after: placeOf(one), ...type, fields }];
    }),
  };
}

/** Notes which values the step itself says are secret: whoever sees the change alone cannot know. */
function markSecrets(changes: FieldChange[], nodes: readonly SequenceNode[]): FieldChange[] {
  const secrets = nodes.flatMap((node) =>
    isStep(node) ? markedSecrets(node).map((place) => `/settings${place}`) : [],
  );
  if (secrets.length === 0) return changes;
  return changes.map((change) => {
    const isSecret = secrets.some((secret) => change.field === secret || change.field.startsWith(`${secret}/`));
    return isSecret ? { ...change, secret: true } : change;
  });
}

function placeOf({ path, pointer }: TreeNode): NodePlace {
  return { path, pointer };
}

/** The fields of the sequence itself. */
export function propertiesOf(spec: SequenceSpec): Record<string, unknown> {
  const { steps: _steps, ...properties } = spec;
  return properties;
}

/** A node with those nodes inside it that have no twin either. */
function alone({ node, children }: TreeNode): SequenceNode {
  if (!node || !isGroup(node)) return node as SequenceNode;
  return { ...node, steps: children.filter(({ twin }) => !twin).map(alone) };
}

/** Nodes that have another parent than before, or that changed their place among those that stayed. */
function findMoved(
  { root, nodes }: { root: TreeNode; nodes: readonly TreeNode[] },
  touched: ReadonlySet<string>,
): Set<TreeNode> {
  const moved = new Set<TreeNode>();
  for (const parent of [root, ...nodes]) {
    const stayed: TreeNode[] = [];
    for (const child of parent.children) {
      if (!child.twin) continue;
      if (child.twin.parent?.twin === parent) stayed.push(child);
      else moved.add(child);
    }
    const inOrder = (children: TreeNode[]) => longestAscending(children, (child) => child.twin?.index ?? 0);
    const untouched = stayed.filter((child) => !touched.has(child.twin?.path ?? ''));
    const [most, known] = [inOrder(stayed), inOrder(untouched)];
    const unmoved = new Set(known.length === most.length ? known : most);
    for (const child of stayed) if (!unmoved.has(child)) moved.add(child);
  }
  return moved;
}

/** The longest subsequence whose numbers ascend. */
function longestAscending<T>(items: readonly T[], numberOf: (item: T) => number): T[] {
  /** Of each length the place of the smallest last item; and of each item the place of the one before it. */
  const ends: number[] = [];
  const previous: number[] = [];
  const numbers = items.map(numberOf);
  numbers.forEach((number, at) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[ends[middle] ?? 0] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    previous[at] = low === 0 ? -1 : (ends[low - 1] ?? -1);
    ends[low] = at;
  });
  const found: T[] = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = previous[at] ?? -1) found.push(items[at] as T);
  return found.toReversed();
}
