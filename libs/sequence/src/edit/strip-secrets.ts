import { pointer } from '../findings.js';
import { isGroup, isStep, type SequenceNode, type SequenceSpec, type StepNode } from '../model.js';
import { isSecretName } from '../names.js';
import { isForeignStepType } from '../steps/foreign-step.js';
import { stepDefinition } from '../steps/registry.js';
import { sealedSecretName } from './sealed-reference.js';
import { looksSecret, markedSecrets } from './mask-difference.js';

/**
 * What stands where a secret was taken out. It has the form of a variable, which every setting may hold, so that the document stays
 * valid; and it can be told from what an author writes.
 */
export const STRIPPED_SECRET = '%StrippedSecret%';

/** A specification without its secrets, and where they were. */
export interface StrippedSpec {
  readonly spec: SequenceSpec;
  /** JSON pointers into the document (`/spec/steps/0/settings/password`), in its order. */
  readonly secrets: readonly string[];
}

/**
 * Takes the secrets out of a specification, by what the step types and the rules of variable names say is one. A value that is
 * nothing but `%NAME%` says where the secret comes from, and stays. What was stripped before is listed again.
 */
export function stripSecrets(spec: SequenceSpec): StrippedSpec {
  const secrets = secretPlaces(spec).filter(([, value]) => holdsSecret(value));
  return {
    spec: withValues(spec, new Map(secrets.map(([place]) => [place, STRIPPED_SECRET]))),
    secrets: secrets.map(([place]) => place),
  };
}

/** What stands at each place of a specification that may hold a secret. */
export function secretValues(spec: SequenceSpec): Map<string, unknown> {
  return new Map(secretPlaces(spec));
}

/** The specification with other values at places that exist (JSON pointers that begin with `/spec`). */
export function withValues(spec: SequenceSpec, values: ReadonlyMap<string, unknown>): SequenceSpec {
  if (values.size === 0) return spec;
  const copy = { spec: structuredClone(spec) };
  for (const [place, value] of values) {
    const keys = place.slice(1).split('/').map(unescaped);
    const last = keys.pop() ?? '';
    let inside: unknown = copy;
    for (const key of keys) inside = Object.hasOwn(Object(inside), key) ? (inside as Record<string, unknown>)[key] : {};
    if (Object.hasOwn(Object(inside), last)) (inside as Record<string, unknown>)[last] = value;
  }
  return copy.spec;
}

type Place = readonly [pointer: string, value: unknown];

function secretPlaces(spec: SequenceSpec): Place[] {
  const places: Place[] = Object.entries(spec.variables ?? {})
    .filter(([name]) => isSecretName(name))
    .map(([name, value]) => [pointer('/spec/variables', name), value]);
  const visit = (nodes: readonly SequenceNode[], path: string): void => {
    nodes.forEach((node, index) => {
      const at = pointer(path, index);
      if (isGroup(node)) visit(node.steps, pointer(at, 'steps'));
      else if (isStep(node)) places.push(...settingPlaces(node, pointer(at, 'settings')));
    });
  };
  visit(spec.steps, '/spec/steps');
  return places;
}

function settingPlaces(node: StepNode, path: string): Place[] {
  const { type, settings } = node;
  if (settings === undefined) return [];
  const definition = stepDefinition(type);
  const declared = (definition?.secretSettings ?? []).map((setting) => `/${setting.replaceAll('.', '/')}`);
  const secret = [...declared, ...markedSecrets(node)];
  const foreign = isForeignStepType(type);
  return leavesOf(settings, '').flatMap(([place, value]): Place[] => {
    const is =
      secret.some((one) => place === one || place.startsWith(`${one}/`)) || (foreign && looksSecret.test(place));
    return is ? [[`${path}${place}`, value]] : [];
  });
}

function leavesOf(value: unknown, path: string): Place[] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, pointer(path, key)));
}

function holdsSecret(value: unknown): boolean {
  // What was stripped or sealed is a secret all the same, though it has the form of a variable.
  if (value === STRIPPED_SECRET || sealedSecretName(value) !== undefined) return true;
  if (typeof value === 'number') return true;
  return typeof value === 'string' && value !== '' && !/^%[^%\s]+%$/.test(value.trim());
}

function unescaped(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}
