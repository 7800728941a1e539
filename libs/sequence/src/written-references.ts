import { pointer } from './findings.js';
import { LIMITS } from './limits.js';
import type { SequenceReference } from './references.js';
import type { ContentReference, StepDefinition } from './steps/definition.js';
import { stepDefinition } from './steps/registry.js';
import { writtenSettings } from './steps/written-settings.js';

/**
 * The references of enabled nodes as far as a specification that is NOT valid shows them, so that what does not exist is said
 * together with what is wrong. Of a valid one `collectReferences` knows them. Never throws for JSON values.
 */
export function writtenReferences(spec: unknown, path = '/spec'): SequenceReference[] {
  const found: SequenceReference[] = [];
  const add = (at: string, reference: SequenceReference['reference']): void => {
    if (!reference.name.includes('%')) found.push({ path: at, disabled: false, reference });
  };
  const visit = (nodes: unknown, base: string, depth: number): void => {
    if (!Array.isArray(nodes) || depth > LIMITS.nestingDepth) return;
    nodes.forEach((node: unknown, index) => {
      if (!isRecord(node) || node['disabled'] === true) return;
      const at = pointer(base, index);
      const { type, sequence, settings = {} } = node;
      visit(node['steps'], pointer(at, 'steps'), depth + 1);
      if (typeof sequence === 'string') add(at, { kind: 'TaskSequence', name: sequence });
      const definition = typeof type === 'string' ? stepDefinition(type) : undefined;
      if (!definition || !isRecord(settings)) return;
      for (const reference of referencesOf(definition, settings)) add(at, reference);
    });
  };
  if (!isRecord(spec)) return found;
  const { runFirst } = spec;
  if (isRecord(runFirst) && typeof runFirst['package'] === 'string' && typeof runFirst['program'] === 'string') {
    const { package: name, program } = runFirst as { package: string; program: string };
    add(pointer(path, 'runFirst'), { kind: 'Package', name, program });
  }
  visit(spec['steps'], pointer(path, 'steps'), 1);
  return found;
}

function referencesOf(definition: StepDefinition, settings: Record<string, unknown>): ContentReference[] {
  const written = writtenSettings(definition, settings);
  if (!('error' in written)) return [...definition.references(written.parsed)];
  try {
    return definition
      .references(settings)
      .filter(({ name, program }) => typeof name === 'string' && ['string', 'undefined'].includes(typeof program));
  } catch {
    // The settings are of another shape than the type has: its own findings say so.
    return [];
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
