import { isGroup, isStep, type SequenceNode, type StepNode } from '../model.js';
import { isSecretName } from '../names.js';
import { isForeignStepType } from '../steps/foreign-step.js';
import { stepDefinition } from '../steps/registry.js';
import { MASK } from '../variables.js';
import type { FieldChange, SequenceDifference } from './difference-model.js';
import { isFields, segments, withChanges } from './field-changes.js';

/** Settings of other products' steps that look like secrets: nobody told us which are. */
export const looksSecret = /passw|secret|pin$|(product|recovery|startup)key|token|credential/i;

/** The difference as it may be shown: the values of secret settings are masked; that they changed can still be seen. */
export function maskDifference(difference: SequenceDifference): SequenceDifference {
  return {
    ...difference,
    properties: difference.properties.map(maskProperty),
    removed: difference.removed.map((entry) => ({ ...entry, node: maskNode(entry.node) })),
    added: difference.added.map((entry) => ({ ...entry, node: maskNode(entry.node) })),
    changed: difference.changed.map((entry) => {
      const typeBefore = entry.fields.find(({ field }) => field === '/type')?.before;
      const types = [entry.type, typeBefore].filter((type) => typeof type === 'string');
      return { ...entry, fields: entry.fields.map((change) => maskChange(change, types)) };
    }),
  };
}

/** A node without the values of its secret settings, and of those inside it. */
export function maskNode(node: SequenceNode): SequenceNode {
  if (isGroup(node)) return { ...node, steps: node.steps.map(maskNode) };
  if (!isStep(node) || !node.settings) return node;
  const marked = markedSecrets(node).map((place) => `/settings${place}`);
  const changes = Object.keys(node.settings).map((key): FieldChange => {
    const change = maskChange({ field: `/settings/${escaped(key)}`, after: node.settings?.[key] }, [node.type], marked);
    return { field: change.field, after: change.after };
  });
  return withChanges(node as StepLike, changes) as unknown as SequenceNode;
}

type StepLike = Record<string, unknown> & SequenceNode;

/** Settings that a step marks as secret itself (a value that shall not be displayed), as JSON pointers into its settings. */
export function markedSecrets({ type, settings }: StepNode): readonly string[] {
  return (settings && stepDefinition(type)?.markedSecrets?.(settings)) ?? [];
}

/** Variables of the sequence that have the name of a secret. */
function maskProperty(change: FieldChange): FieldChange {
  const name = /^\/variables\/([^/]*)$/.exec(change.field)?.[1];
  if (name !== undefined && isSecretName(name.replaceAll('~1', '/').replaceAll('~0', '~'))) return masked(change);
  if (change.field !== '/variables') return change;
  const mask = (values: unknown): unknown =>
    isFields(values)
      ? Object.fromEntries(Object.entries(values).map(([key, value]) => [key, isSecretName(key) ? MASK : value]))
      : values;
  return {
    ...change,
    ...(change.before === undefined ? {} : { before: mask(change.before) }),
    ...(change.after === undefined ? {} : { after: mask(change.after) }),
  };
}

function masked(change: FieldChange): FieldChange {
  return {
    field: change.field,
    ...(change.before === undefined ? {} : { before: MASK }),
    ...(change.after === undefined ? {} : { after: MASK }),
    secret: true,
  };
}

function maskChange(change: FieldChange, types: readonly string[], marked: readonly string[] = []): FieldChange {
  if (change.secret) return masked(change);
  const declared = types.flatMap((type) => (stepDefinition(type)?.secretSettings ?? []).map(pointerOf));
  const foreign = types.some(isForeignStepType);
  const isSecret = (field: string, secrets: readonly string[]): boolean =>
    secrets.some((secret) => field === secret || field.startsWith(`${secret}/`)) ||
    (foreign && field.startsWith('/settings/') && looksSecret.test(field));
  const mask = (value: unknown, field: string, secrets: readonly string[]): unknown => {
    if (value === undefined) return undefined;
    if (isSecret(field, secrets)) return MASK;
    if (Array.isArray(value)) return value.map((inner, index) => mask(inner, `${field}/${index}`, secrets));
    if (!isFields(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, mask(inner, `${field}/${escaped(key)}`, secrets)]),
    );
  };
  const side = (value: unknown): unknown =>
    mask(value, change.field, [...declared, ...marked, ...marksWithin(change.field, value, types)]);
  return {
    field: change.field,
    ...(change.before === undefined ? {} : { before: side(change.before) }),
    ...(change.after === undefined ? {} : { after: side(change.after) }),
    ...(isSecret(change.field, declared) ? { secret: true as const } : {}),
  };
}

/** What a whole setting, or all settings, mark as secret inside themselves: each side of a change has marks of its own. */
function marksWithin(field: string, value: unknown, types: readonly string[]): string[] {
  const [first, key, ...more] = segments(field);
  if (first !== 'settings' || more.length > 0) return [];
  const settings = key === undefined ? value : { [key]: value };
  if (!isFields(settings)) return [];
  return types.flatMap((type) => markedSecrets({ step: '', type, settings }).map((place) => `/settings${place}`));
}

function pointerOf(setting: string): string {
  return `/settings/${setting.split('.').map(escaped).join('/')}`;
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
