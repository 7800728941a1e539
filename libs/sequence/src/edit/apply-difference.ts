import { isGroup, type SequenceNode, type SequenceSpec } from '../model.js';
import type { SequenceDifference } from './difference-model.js';
import { propertiesOf } from './diff-sequences.js';
import { segments, withChanges } from './field-changes.js';
import { ownFields } from './sequence-tree.js';

/** A difference was applied to another sequence than the one it was made of, or it is masked. */
export class DifferenceMismatchError extends Error {
  override readonly name = 'DifferenceMismatchError';
}

/** A node in the making. */
interface Draft {
  fields: Record<string, unknown>;
  readonly children: Draft[] | undefined;
}

/**
 * Makes the second sequence out of the first and the (unmasked) difference between them.
 *
 * @throws DifferenceMismatchError when the difference does not fit the sequence
 */
export function applyDifference(before: SequenceSpec, difference: SequenceDifference): SequenceSpec {
  const root: Draft = { fields: propertiesOf(before), children: [] };
  const byPointer = new Map<string, { draft: Draft; siblings: Draft[] }>();
  const build = (node: SequenceNode, pointer: string, siblings: Draft[]): void => {
    const draft = draftOf(node);
    siblings.push(draft);
    byPointer.set(pointer, { draft, siblings });
    if (isGroup(node)) node.steps.forEach((child, index) => build(child, `${pointer}/steps/${index}`, draft.children!));
  };
  before.steps.forEach((node, index) => build(node, `/spec/steps/${index}`, root.children!));
  const at = (pointer: string): { draft: Draft; siblings: Draft[] } => {
    const found = byPointer.get(pointer);
    if (!found) throw new DifferenceMismatchError(`there is no node at ${pointer}`);
    return found;
  };

  for (const { before: place, fields } of difference.changed) {
    const { draft } = at(place.pointer);
    draft.fields = withChanges(draft.fields, fields);
  }
  // First everything out, then everything in from the top to the bottom: each index is then right when its turn comes.
  const leaving = new Map<Draft[], Set<Draft>>();
  for (const pointer of [...difference.removed, ...difference.moved.map(({ from }) => from)].map(
    (one) => one.pointer,
  )) {
    const { draft, siblings } = at(pointer);
    const set = leaving.get(siblings) ?? new Set();
    leaving.set(siblings, set.add(draft));
  }
  const entering = [
    ...difference.moved.map(({ from, to }) => ({ place: indexesOf(to.pointer), draft: at(from.pointer).draft })),
    ...difference.added.map(({ pointer, node }) => ({ place: indexesOf(pointer), draft: wholeDraft(node) })),
  ].sort((a, b) => compareIndexes(a.place, b.place));
  for (const [siblings, gone] of leaving) {
    const staying = siblings.filter((draft) => !gone.has(draft));
    siblings.splice(0, siblings.length, ...staying);
  }
  for (const { place, draft } of entering) {
    let list = root.children;
    for (const index of place.slice(0, -1)) list = list?.[index]?.children;
    if (!list) throw new DifferenceMismatchError(`there is no group for /spec/steps/${place.join('/steps/')}`);
    list.splice(place.at(-1) ?? 0, 0, draft);
  }
  const spec = withChanges(root.fields, difference.properties);
  return { ...spec, steps: root.children!.map(nodeOf) } as SequenceSpec;
}

function draftOf(node: SequenceNode): Draft {
  return { fields: ownFields(node).fields, children: isGroup(node) ? [] : undefined };
}

function wholeDraft(node: SequenceNode): Draft {
  return { fields: ownFields(node).fields, children: isGroup(node) ? node.steps.map(wholeDraft) : undefined };
}

function nodeOf({ fields, children }: Draft): SequenceNode {
  return (children ? { ...fields, steps: children.map(nodeOf) } : fields) as unknown as SequenceNode;
}

function indexesOf(pointer: string): number[] {
  return segments(pointer)
    .filter((_, index) => index > 0 && index % 2 === 0)
    .map(Number);
}

function compareIndexes(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
