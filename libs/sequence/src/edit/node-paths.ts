import { pointer } from '../findings.js';
import { isGroup, nodeName, type SequenceNode, type SequenceSpec } from '../model.js';

/** A node and where it stands. */
export interface PlacedNode {
  readonly node: SequenceNode;
  /** As reports call it: the names from the top, `Prepare/Install hello`; a second one of the same path ends with ` (2)`. */
  readonly path: string;
  /** JSON pointer into the resource: `/spec/steps/0/steps/1`. */
  readonly pointer: string;
  /** The list the node stands in, and its index there. */
  readonly siblings: readonly SequenceNode[];
  readonly index: number;
  /** The group around it; undefined at the top. */
  readonly parent: PlacedNode | undefined;
}

/** Gives every wanted path that is taken a number: a path names exactly one node. The rule of the plan (plan.ts). */
export class UniquePaths {
  private readonly paths = new Set<string>();
  private readonly nextNumber = new Map<string, number>();

  claim(wanted: string): string {
    let path = wanted;
    let count = this.nextNumber.get(wanted) ?? 2;
    for (; this.paths.has(path); count++) path = `${wanted} (${count})`;
    this.nextNumber.set(wanted, count);
    this.paths.add(path);
    return path;
  }
}

/** Every node of a sequence, parents before their children, in the order in which they run. Child sequences are not looked into. */
export function nodePaths(spec: SequenceSpec): PlacedNode[] {
  const placed: PlacedNode[] = [];
  const unique = new UniquePaths();
  const visit = (siblings: readonly SequenceNode[], base: string, parent: PlacedNode | undefined): void => {
    siblings.forEach((node, index) => {
      const path = unique.claim(parent === undefined ? nodeName(node) : `${parent.path}/${nodeName(node)}`);
      const one: PlacedNode = { node, path, pointer: pointer(base, index), siblings, index, parent };
      placed.push(one);
      if (isGroup(node)) visit(node.steps, `${one.pointer}/steps`, one);
    });
  };
  visit(spec.steps, '/spec/steps', undefined);
  return placed;
}

/** What kind of node it is, in the word that documents use. */
export function kindOfNode(node: SequenceNode): 'group' | 'step' | 'sequence' {
  return 'group' in node ? 'group' : 'step' in node ? 'step' : 'sequence';
}
