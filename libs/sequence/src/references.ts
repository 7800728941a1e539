import { mentionedNames } from './expand.js';
import { type SequenceNode, type SequenceSpec, isGroup, isStep } from './model.js';
import { pointer } from './findings.js';
import { writtenSettings } from './steps/written-settings.js';
import { stepDefinition } from './steps/registry.js';
import type { ContentReference } from './steps/definition.js';

/** What a sequence needs from outside, and the node that needs it. */
export interface SequenceReference {
  /** JSON pointer of the node. */
  readonly path: string;
  /** The node or a group around it is disabled: exempt from "must exist". */
  readonly disabled: boolean;
  readonly reference: ContentReference | { readonly kind: 'TaskSequence'; readonly name: string };
}

/** Where a sequence names the program that runs first. */
export const FIRST_PROGRAM = '/spec/runFirst';

/**
 * All content and child sequences of a valid spec, in document order, duplicates included. Names that hold
 * `%NAME%` are left out: they are only known during the run.
 */
export function collectReferences(spec: SequenceSpec, path = '/spec'): readonly SequenceReference[] {
  const before = known.get(spec);
  if (before?.path === path) return before.found;
  const found = findReferences(spec, path);
  known.set(spec, { path, found });
  return found;
}

/** By the specification itself: several rules ask for the same, and documents never change. */
const known = new WeakMap<SequenceSpec, { readonly path: string; readonly found: readonly SequenceReference[] }>();

function findReferences(spec: SequenceSpec, path: string): SequenceReference[] {
  const found: SequenceReference[] = [];
  const visit = (nodes: readonly SequenceNode[], base: string, inert: boolean): void => {
    nodes.forEach((node, index) => {
      const at = pointer(base, index);
      const disabled = inert || node.disabled === true;
      if (isGroup(node)) visit(node.steps, pointer(at, 'steps'), disabled);
      else if (isStep(node)) {
        const definition = stepDefinition(node.type);
        const written = definition && writtenSettings(definition, node.settings ?? {});
        if (!definition || !written || 'error' in written) return;
        for (const reference of definition.references(written.parsed)) {
          if (!reference.name.includes('%')) found.push({ path: at, disabled, reference });
        }
      } else found.push({ path: at, disabled, reference: { kind: 'TaskSequence', name: node.sequence } });
    });
  };
  if (spec.runFirst) {
    const { package: name, program } = spec.runFirst;
    found.push({
      path: path === '/spec' ? FIRST_PROGRAM : pointer(path, 'runFirst'),
      disabled: false,
      reference: { kind: 'Package', name, program },
    });
  }
  visit(spec.steps, pointer(path, 'steps'), false);
  return found;
}

/** Every name that a spec mentions as `%NAME%` in a setting: what a driver may hand over of its process environment. */
export function mentionedVariables(...specs: readonly SequenceSpec[]): Set<string> {
  const names = new Set<string>();
  const scan = (value: unknown): void => {
    if (typeof value === 'string') for (const name of mentionedNames(value)) names.add(name);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(scan);
  };
  const visit = (node: SequenceNode): void => {
    if (isGroup(node)) node.steps.forEach(visit);
    else if (isStep(node)) scan(node.settings);
  };
  for (const spec of specs) spec.steps.forEach(visit);
  return names;
}
