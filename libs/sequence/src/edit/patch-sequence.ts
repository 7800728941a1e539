import { type Finding, pointer } from '../findings.js';
import { type GroupNode, isGroup, isStep, nodeName, type SequenceNode, type SequenceSpec } from '../model.js';
import { validateSequence } from '../validate.js';
import { segments } from './field-changes.js';
import { mergePatch } from './merge-patch.js';
import { kindOfNode, nodePaths, type PlacedNode } from './node-paths.js';
import type { PatchOperation, Place } from './patch-model.js';
import { similarPaths } from './similar-paths.js';

/** The sequence after the patch, or what is wrong with the first operation that cannot be done. */
export type PatchResult = { readonly spec: SequenceSpec } | { readonly findings: readonly Finding[] };

/** Other sequences that `copy` operations name, by `sourceKey`. */
export type PatchSources = Readonly<Record<string, SequenceSpec>>;

/** How `PatchSources` calls the sequence of a copy operation: `name`, or `name@3` with a revision. */
export function sourceKey({ sequence, revision }: { sequence: string; revision?: number | undefined }): string {
  return revision === undefined ? sequence : `${sequence}@${revision}`;
}

/**
 * Does operations one after the other on a valid sequence: all of them or none. Paths are those of reports
 * (`Prepare/Install hello`). Findings point into the patch (`/operations/2/path`) and name paths that look alike. The result
 * is valid node by node; what concerns the whole (size, depth, references) is checked where it is saved.
 */
export function patchSequence(
  spec: SequenceSpec,
  operations: readonly PatchOperation[],
  sources: PatchSources = {},
): PatchResult {
  const patcher = new Patcher(spec, sources);
  for (const [index, operation] of operations.entries()) {
    try {
      patcher.perform(operation);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      const base = `/operations/${index}`;
      return {
        findings: refusal.findings.map((finding) => ({
          ...finding,
          path: `${base}${finding.path}`,
          message: `operation ${index + 1} (${operation.op}): ${finding.message}`,
        })),
      };
    }
  }
  return { spec: patcher.spec };
}

/** An operation that cannot be done; paths of findings are below the operation. */
class Refusal extends Error {
  constructor(readonly findings: readonly Finding[]) {
    super(findings[0]?.message);
  }
}

function refuse(path: string, code: string, message: string, fix: string): never {
  throw new Refusal([{ path, code, severity: 'error', message, fix }]);
}

interface Spot {
  readonly list: SequenceNode[];
  readonly index: number;
}

/** A sequence in the making: its lists are its own, its nodes are replaced and never changed otherwise. */
class Patcher {
  spec: SequenceSpec;
  private known: Map<string, PlacedNode> | undefined;

  constructor(
    spec: SequenceSpec,
    private readonly sources: PatchSources,
  ) {
    this.spec = { ...spec, steps: spec.steps.map(copyOf) };
  }

  perform(operation: PatchOperation): void {
    switch (operation.op) {
      case 'add':
        return this.insert(checkedNode(operation.node, '/node'), this.spotOf(operation));
      case 'remove':
        return this.takeOut(this.find(operation.path));
      case 'move':
        return this.move(operation.path, operation);
      case 'copy':
        return this.copy(operation);
      case 'rename':
        return this.rename(this.find(operation.path), operation.name);
      case 'enable':
      case 'disable':
        return this.setDisabled(this.find(operation.path), operation.op === 'disable');
      case 'merge':
        return operation.path === ''
          ? this.mergeProperties(operation.fields)
          : this.mergeNode(this.find(operation.path), operation.fields);
      case 'replace':
        return this.put(this.find(operation.path), checkedNode(operation.node, '/node'));
    }
  }

  private paths(): Map<string, PlacedNode> {
    this.known ??= new Map(nodePaths(this.spec).map((placed) => [placed.path, placed]));
    return this.known;
  }

  private find(path: string, field = '/path'): PlacedNode {
    return findIn(this.paths(), path, field);
  }

  /** The list that a placed node stands in. nodePaths only promises not to change it. */
  private listOf({ siblings }: PlacedNode): SequenceNode[] {
    return siblings as SequenceNode[];
  }

  private insert(node: SequenceNode, { list, index }: Spot): void {
    list.splice(index, 0, node);
    this.known = undefined;
  }

  private takeOut(placed: PlacedNode): void {
    this.listOf(placed).splice(placed.index, 1);
    this.known = undefined;
  }

  private put(placed: PlacedNode, node: SequenceNode): void {
    this.listOf(placed)[placed.index] = node;
    const same = nodeName(node) === nodeName(placed.node) && stepsOf(node) === stepsOf(placed.node);
    // No path changes then: many small changes of a long sequence stay cheap.
    if (same && this.known) this.known.set(placed.path, { ...placed, node });
    else this.known = undefined;
  }

  private spotOf(place: Place): Spot {
    const given = (['before', 'after', 'into'] as const).filter((key) => place[key] !== undefined);
    const [key] = given;
    if (key === undefined || given.length > 1) {
      const what = key === undefined ? 'nothing says where' : `${given.join(' and ')} are given at once`;
      refuse(
        '',
        'edit.place',
        what,
        'give exactly one of before, after (a node) and into (a group, "" for the sequence)',
      );
    }
    const path = place[key] ?? '';
    if (key === 'into') {
      const list = path === '' ? this.spec.steps : this.groupOf(path).steps;
      return { list, index: place.first ? 0 : list.length };
    }
    const placed = this.find(path, `/${key}`);
    return { list: this.listOf(placed), index: placed.index + (key === 'after' ? 1 : 0) };
  }

  private groupOf(path: string): GroupNode {
    const { node } = this.find(path, '/into');
    if (isGroup(node)) return node;
    const fix = `write after: "${path}" to put it behind the ${kindOfNode(node)}`;
    return refuse('/into', 'edit.not-a-group', `"${path}" is a ${kindOfNode(node)}, nothing can be put into it`, fix);
  }

  private move(path: string, to: Place & { readonly direction?: 'up' | 'down' | undefined }): void {
    const placed = this.find(path);
    const { direction, ...place } = to;
    if (direction !== undefined) return this.nudge(placed, direction, place);
    const target = place.before ?? place.after ?? place.into ?? '';
    for (let one: PlacedNode | undefined = this.paths().get(target); one; one = one.parent) {
      if (one.path !== path) continue;
      if (target === path && place.into === undefined) return;
      refuse('', 'edit.into-itself', `"${path}" cannot be moved into itself`, 'name a place outside of it');
    }
    const spot = this.spotOf(place);
    // Taking the node out moves what stands behind it in the same list.
    const own = this.listOf(placed);
    const shift = own === spot.list && placed.index < spot.index ? 1 : 0;
    this.takeOut(placed);
    this.insert(placed.node, { list: spot.list, index: spot.index - shift });
  }

  private nudge(placed: PlacedNode, direction: 'up' | 'down', place: Place): void {
    if (place.before !== undefined || place.after !== undefined || place.into !== undefined)
      refuse('/direction', 'edit.place', 'direction and a place are given at once', 'give one of them');
    const list = this.listOf(placed);
    const index = placed.index + (direction === 'up' ? -1 : 1);
    const neighbour = list[index];
    if (neighbour) {
      this.takeOut(placed);
      // Through a group, not over it: an up and a down undo each other, and every place can be reached.
      if (isGroup(neighbour))
        return this.insert(placed.node, {
          list: neighbour.steps,
          index: direction === 'up' ? neighbour.steps.length : 0,
        });
      return this.insert(placed.node, { list, index });
    }
    const { parent } = placed;
    if (!parent) {
      const edge = direction === 'up' ? 'first' : 'last';
      return refuse('/direction', 'edit.at-the-edge', `"${placed.path}" is the ${edge} node already`, 'leave it there');
    }
    this.takeOut(placed);
    return this.insert(placed.node, { list: this.listOf(parent), index: parent.index + (direction === 'up' ? 0 : 1) });
  }

  private copy(operation: Extract<PatchOperation, { op: 'copy' }>): void {
    const { path, sequence, revision, name } = operation;
    let found: PlacedNode;
    if (sequence === undefined) {
      if (revision !== undefined)
        refuse('/revision', 'edit.place', 'of which sequence?', 'give sequence beside revision');
      found = this.find(path);
    } else {
      const key = sourceKey({ sequence, revision });
      const source = Object.hasOwn(this.sources, key) ? this.sources[key] : undefined;
      if (!source) {
        const what = `there is no TaskSequence "${sequence}"${revision === undefined ? '' : ` with a revision ${revision}`}`;
        return refuse('/sequence', 'edit.no-such-sequence', what, 'correct the name and the revision');
      }
      found = findIn(new Map(nodePaths(source).map((placed) => [placed.path, placed])), path, '/path');
    }
    const copy = copyOf(found.node);
    this.insert(name === undefined ? copy : renamed(copy, name), this.spotOf(operation));
  }

  private rename(placed: PlacedNode, name: string): void {
    this.put(placed, renamed(placed.node, name));
  }

  private setDisabled(placed: PlacedNode, disabled: boolean): void {
    const { disabled: _before, ...rest } = placed.node;
    // The list inside a group stays the same list.
    this.put(placed, (disabled ? { ...rest, disabled } : rest) as SequenceNode);
  }

  private mergeProperties(fields: Readonly<Record<string, unknown>>): void {
    const { steps, ...properties } = this.spec;
    if (Object.hasOwn(fields, 'steps')) refuseSteps();
    const merged = mergePatch(properties, fields);
    checkSpec({ ...merged, steps: [] }, '/spec', '/fields');
    this.spec = { ...merged, steps } as SequenceSpec;
  }

  private mergeNode(placed: PlacedNode, fields: Readonly<Record<string, unknown>>): void {
    if (Object.hasOwn(fields, 'steps')) refuseSteps();
    const { steps, ...own } = placed.node as SequenceNode & { steps?: SequenceNode[] };
    const merged = mergePatch(own, fields);
    const node = isGroup(placed.node) ? { ...merged, steps: [] } : merged;
    checkSpec({ steps: [node] }, '/spec/steps/0', '/fields');
    this.put(placed, (isGroup(placed.node) ? { ...merged, steps } : merged) as unknown as SequenceNode);
  }
}

function refuseSteps(): never {
  return refuse(
    '/fields/steps',
    'edit.steps',
    'nodes are not merged as a field',
    'use the operations add, remove, move and replace',
  );
}

function findIn(paths: ReadonlyMap<string, PlacedNode>, path: string, field: string): PlacedNode {
  const placed = paths.get(path);
  if (placed) return placed;
  const near = similarPaths(path, [...paths.keys()]);
  const fix =
    near.length > 0
      ? `did you mean ${near.map((one) => `"${one}"`).join(' or ')}?`
      : 'the paths are those of reports: group/step';
  return refuse(field, 'edit.no-such-node', `there is no node "${path.slice(0, 200)}"`, fix);
}

/** A node that somebody wrote; refused with every finding. */
function checkedNode(node: Readonly<Record<string, unknown>>, field: string): SequenceNode {
  checkSpec({ steps: [node] }, '/spec/steps/0', field);
  return copyOf(node as unknown as SequenceNode);
}

/** Refuses what the validation of sequences refuses; findings below `from` are told as findings below `field`. */
function checkSpec(spec: unknown, from: string, field: string): void {
  const findings = validateSequence(spec).filter(({ severity }) => severity === 'error');
  if (findings.length === 0) return;
  throw new Refusal(
    findings.map((finding) => {
      const below = finding.path.startsWith(from) ? finding.path.slice(from.length) : '';
      return { ...finding, path: segments(below).reduce(pointer, field) };
    }),
  );
}

function renamed(node: SequenceNode, name: string): SequenceNode {
  const result = isGroup(node)
    ? { ...node, group: name }
    : isStep(node)
      ? { ...node, step: name }
      : { ...node, sequence: name };
  const shallow = isGroup(result) ? { ...result, steps: [] } : result;
  checkSpec({ steps: [shallow] }, `/spec/steps/0/${kindOfNode(node)}`, '/name');
  return nodeName(node) === name ? node : result;
}

function stepsOf(node: SequenceNode): readonly SequenceNode[] | undefined {
  return isGroup(node) ? node.steps : undefined;
}

/** A node whose lists are its own. */
function copyOf(node: SequenceNode): SequenceNode {
  return isGroup(node) ? { ...node, steps: node.steps.map(copyOf) } : node;
}
