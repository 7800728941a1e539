import { type Finding, nearest, pointer } from './findings.js';
import { shallowSchemas } from './model.js';
import { checkSchema } from './schema-findings.js';
import { settingFields } from './steps/registry-schemas.js';
import { stepDefinition } from './steps/registry.js';

/** The field that names a node says what it is. */
export const NODE_KINDS = ['group', 'step', 'sequence'] as const;
type NodeKind = (typeof NODE_KINDS)[number];
type Fields = Readonly<Record<string, unknown>>;

export const NODE_HELP = 'write one of group: NAME with steps, step: NAME with type, or sequence: NAME';

/**
 * Findings of a node that says of itself that it is nothing, or two things at once: that, and what is wrong with its fields as
 * the kind it was probably meant to be, so that nobody has to come back for them.
 *
 * @param kinds those that it names
 */
export function checkUnknownNode(node: Fields, kinds: readonly NodeKind[], path: string): Finding[] {
  const found = (message: string, fix: string): Finding => ({
    path,
    code: 'sequence.unknown-node',
    severity: 'error',
    message,
    fix,
  });
  if (kinds.length > 1) return [found(`the node is ${kinds.join(' and ')} at once`, NODE_HELP)];
  const { key, kind } = meantKind(node);
  const fix = key === undefined ? NODE_HELP : `did you mean "${kind}" instead of "${key}"? ${NODE_HELP}`;
  const neither = found('the node is neither a group nor a step nor a child sequence', fix);
  if (kind === undefined) return [neither];
  const { [key ?? '']: name = 'unnamed', ...rest } = node;
  const asMeant = checkSchema(shallowSchemas[kind], { ...rest, [kind]: name }, path, (one) =>
    fieldHint(one, kind, node),
  );
  return [neither, ...asMeant.filter((finding) => finding.path !== pointer(path, kind))];
}

/** What a node without a kind was meant to be, and the field that was to say so. */
function meantKind(node: Fields): { key?: string; kind?: NodeKind } {
  const fields = new Set(NODE_KINDS.flatMap((kind) => Object.keys(shallowSchemas[kind].shape)));
  for (const key of Object.keys(node)) {
    const kind = fields.has(key) ? undefined : nearest(key, NODE_KINDS);
    if (kind !== undefined) return { key, kind: kind as NodeKind };
  }
  return Object.hasOwn(node, 'type') ? { kind: 'step' } : Object.hasOwn(node, 'steps') ? { kind: 'group' } : {};
}

/** What would be right instead of a field that a node does not have, where it can be told better than by its spelling. */
export function fieldHint(key: string, kind: NodeKind, node: Fields): string | undefined {
  if (key.toLowerCase() === 'enabled')
    return node[key] === false ? 'write disabled: true' : 'remove it: a node is enabled unless it says disabled: true';
  if (key.toLowerCase() === 'name') return `remove it: the name is the value of "${kind}"`;
  const definition = kind === 'step' && typeof node['type'] === 'string' ? stepDefinition(node['type']) : undefined;
  if (!definition || nearest(key, Object.keys(shallowSchemas.step.shape)) !== undefined) return undefined;
  const setting = nearest(key, Object.keys(settingFields(definition)));
  return setting && `did you mean "settings.${setting}"? settings of the step stand below "settings"`;
}
