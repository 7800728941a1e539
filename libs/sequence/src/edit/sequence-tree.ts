import { isGroup, isStep, nodeName, type SequenceNode, type SequenceSpec } from '../model.js';
import { stableText } from './field-changes.js';
import { kindOfNode, UniquePaths } from './node-paths.js';

/** A node of one of two sequences that are compared; the root stands for the sequence itself. */
export interface TreeNode {
  /** Undefined: the root. */
  readonly node: SequenceNode | undefined;
  readonly path: string;
  readonly pointer: string;
  readonly parent: TreeNode | undefined;
  readonly index: number;
  readonly children: TreeNode[];
  /** Kind and name. Of this and the following: equal numbers mean equal texts, in both sequences. */
  readonly named: number;
  /** Kind, name and, for steps, the type. */
  readonly typed: number;
  /** The node without what is inside it. */
  readonly own: number;
  /** The same without its name. */
  readonly nameless: number;
  /** The node with all that is inside it. */
  readonly whole: number;
  /** Kind; for steps the type. */
  readonly sort: number;
  /** The node of the other sequence that this one is. */
  twin: TreeNode | undefined;
  /** Its values by JSON pointer, once somebody asked. */
  content?: Map<string, string>;
}

/** Numbers for texts: equal texts, equal numbers. */
export class Numbers {
  private readonly known = new Map<string, number>();

  of(text: string): number {
    let number = this.known.get(text);
    if (number === undefined) {
      number = this.known.size;
      this.known.set(text, number);
    }
    return number;
  }
}

/** A sequence as a tree with its root, and all nodes parents first. Two trees that are compared share their numbers. */
export function buildTree(spec: SequenceSpec, numbers: Numbers): { root: TreeNode; nodes: TreeNode[] } {
  const nodes: TreeNode[] = [];
  const unique = new UniquePaths();
  const rootChildren: TreeNode[] = [];
  const root: TreeNode = {
    node: undefined,
    path: '',
    pointer: '/spec',
    parent: undefined,
    index: 0,
    children: rootChildren,
    named: -1,
    typed: -1,
    own: -1,
    nameless: -1,
    whole: -1,
    sort: -1,
    twin: undefined,
  };
  const add = (node: SequenceNode, parent: TreeNode, index: number): TreeNode => {
    const name = nodeName(node);
    const kind = kindOfNode(node);
    const sort = numbers.of(isStep(node) ? `s${node.type}` : `k${kind}`);
    const named = numbers.of(`n${kind} ${name}`);
    const nameless = numbers.of(`x${sort} ${stableText(ownFields(node).nameless)}`);
    const own = numbers.of(`o${named} ${nameless}`);
    const children: TreeNode[] = [];
    const one = {
      node,
      path: unique.claim(parent === root ? name : `${parent.path}/${name}`),
      pointer: `${parent.pointer}/steps/${index}`,
      parent,
      index,
      children,
      named,
      typed: numbers.of(`t${named} ${sort}`),
      own,
      nameless,
      whole: own,
      sort,
      twin: undefined,
    };
    nodes.push(one);
    if (isGroup(node)) {
      for (const [at, child] of node.steps.entries()) children.push(add(child, one, at));
      one.whole = numbers.of(`w${own} ${children.map(({ whole }) => whole).join(' ')}`);
    }
    return one;
  };
  for (const [index, node] of spec.steps.entries()) rootChildren.push(add(node, root, index));
  return { root, nodes };
}

/** The fields of a node without what is inside it, with and without its name. */
export function ownFields(node: SequenceNode): {
  fields: Record<string, unknown>;
  nameless: Record<string, unknown>;
} {
  const { steps: _steps, ...fields } = node as SequenceNode & { steps?: unknown };
  const { group: _group, step: _step, sequence: _sequence, ...nameless } = fields as Record<string, unknown>;
  return { fields, nameless };
}
