import { isGroup, isStep, type SequenceNode } from '../model.js';
import { isForeignStepType } from '../steps/foreign-step.js';
import { stepDefinition } from '../steps/registry.js';
import { MASK } from '../variables.js';
import type { FieldChange, SequenceDifference } from './difference-model.js';
import { isFields, withChanges } from './field-changes.js';

/** Settings of other products' steps that look like secrets: nobody told us which are. */
export const looksSecret = /passw|secret|pin$|(product|recovery|startup)key|token|credential/i;

/** The difference as it may be shown: the values of secret settings are masked; that they changed can still be seen. */
export function maskDifference(difference: SequenceDifference): SequenceDifference {
  return {
    ...difference,
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
  const changes = Object.keys(node.settings).map((key): FieldChange => {
    const change = maskChange({ field: `/settings/${escaped(key)}`, after: node.settings?.[key] }, [node.type]);
    return { field: change.field, after: change.after };
  });
  return withChanges(node as StepLike, changes) as unknown as SequenceNode;
}

type StepLike = Record<string, unknown> & SequenceNode;

function maskChange(change: FieldChange, types: readonly string[]): FieldChange {
  const secrets = types.flatMap((type) => (stepDefinition(type)?.secretSettings ?? []).map(pointerOf));
  const foreign = types.some(isForeignStepType);
  const isSecret = (field: string): boolean =>
    secrets.some((secret) => field === secret || field.startsWith(`${secret}/`)) ||
    (foreign && field.startsWith('/settings/') && looksSecret.test(field));
  const mask = (value: unknown, field: string): unknown => {
    if (value === undefined) return undefined;
    if (isSecret(field)) return MASK;
    if (Array.isArray(value)) return value.map((inner, index) => mask(inner, `${field}/${index}`));
    if (!isFields(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, mask(inner, `${field}/${escaped(key)}`)]),
    );
  };
  return {
    field: change.field,
    ...(change.before === undefined ? {} : { before: mask(change.before, change.field) }),
    ...(change.after === undefined ? {} : { after: mask(change.after, change.field) }),
    ...(isSecret(change.field) ? { secret: true as const } : {}),
  };
}

function pointerOf(setting: string): string {
  return `/settings/${setting.split('.').map(escaped).join('/')}`;
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
