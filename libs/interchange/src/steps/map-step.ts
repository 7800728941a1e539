import type { StepNode } from '@muster/sequence/model.js';
import { stepDefinition } from '@muster/sequence/steps/registry.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { quote, type FindingPlace } from '../findings.js';
import { isNoSecret, isSecretName } from '../secrets.js';
import type { SequenceImport } from '../sequence-import.js';
import type { SourceStep } from '../source/source-step.js';
import { text } from './fields.js';
import { foreignStep } from './foreign.js';
import { mappingOf } from './mappings.js';
import { type Field, type StepMapping, NotRepresentable } from './mapping.js';
import { StepDraft } from './step-draft.js';
import type { StepFrame } from './step-frame.js';

/**
 * One step. It gets our type where its type has a mapping and the result is valid; else it keeps its type with everything it had.
 *
 * @param frame the node without type and settings, checked and valid
 */
export function mapStep(step: SourceStep, frame: StepFrame, place: FindingPlace, into: SequenceImport): StepNode {
  const mapping = mappingOf(step);
  if (!mapping) {
    const message = `steps of type ${step.type} have no counterpart; the step is kept as it was and fails when it is run`;
    into.find(place, 'note', 'import.kept-foreign', message, 'replace it, or disable it');
    return keep(step, frame, place, into);
  }
  const draft = new StepDraft(place, into);
  try {
    const settings = draftSettings(step, mapping, draft);
    const node = withSettings(frame, mapping.to, settings, draft);
    draft.commit();
    into.record(step.type, mapping.to, place, true);
    return inOrder({ ...node, ...scrubbed(node, place, into) });
  } catch (error) {
    if (!(error instanceof NotRepresentable)) throw error;
    draft.discard();
    const message = `as ${mapping.to} this step would not be right: ${error.message}; it is kept as it was`;
    into.find(place, 'note', 'import.not-representable', message, `write it anew as ${mapping.to}, or disable it`);
    return keep(step, frame, place, into);
  }
}

function keep(step: SourceStep, frame: StepFrame, place: FindingPlace, into: SequenceImport): StepNode {
  const node = foreignStep(step, frame, place, into);
  into.record(step.type, node.type, place, false);
  return inOrder(node);
}

/** Fields in the order in which people write them. */
function inOrder(node: StepNode): StepNode {
  const { step, description, type, disabled, continueOnError, runIn, condition, settings, ...others } = node;
  const first = { step, description, type, disabled, continueOnError, runIn, condition, settings };
  const given = Object.entries(first).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...others } as StepNode;
}

function draftSettings(step: SourceStep, mapping: StepMapping, draft: StepDraft): Record<string, unknown> {
  mapping.finish?.(step, draft);
  step.ignore(...(mapping.derived ?? []));
  const fields = new Map(Object.entries(mapping.fields ?? {}).map(([name, field]) => [name.toLowerCase(), field]));
  for (const [name, field] of byVariable(mapping.to)) if (!fields.has(name)) fields.set(name, field);
  const definition = stepDefinition(mapping.to);
  const secretSettings = new Set(definition?.secretSettings ?? []);
  for (const one of step.rest()) {
    const field = fields.get(one.property.toLowerCase()) ?? fields.get(one.name.toLowerCase());
    if (!field) continue;
    step.markUsed(one);
    if (one.value !== '') field.read(one.value, draft);
  }
  for (const setting of secretSettings) {
    const value = draft.settings[setting];
    if (typeof value !== 'string') continue;
    draft.secret(`setting "${setting}"`, value);
    if (!isNoSecret(value)) delete draft.settings[setting];
  }
  for (const { property, value } of step.rest()) if (value !== '') draft.leftOut(property, value);
  return draft.settings;
}

/** Settings whose variable has the name of a property, or of the variable of one, need no table. */
function byVariable(type: string): [string, Field][] {
  return Object.entries(stepDefinition(type)?.variables ?? {}).map(([setting, variable]) => [
    variable.toLowerCase(),
    text(setting),
  ]);
}

/** The node with its settings, those that would not be valid taken out one by one, as long as that makes it right. */
function withSettings(frame: StepFrame, type: string, settings: Record<string, unknown>, draft: StepDraft): StepNode {
  for (;;) {
    const node: StepNode = { ...frame, type, ...(Object.keys(settings).length > 0 ? { settings } : {}) };
    const error = validateSequence({ steps: [node] }).find(({ severity }) => severity === 'error');
    if (!error) return node;
    const setting = /^\/spec\/steps\/0\/settings\/([^/]+)/.exec(error.path)?.[1];
    if (setting === undefined || !Object.hasOwn(settings, setting)) throw new NotRepresentable(error.message);
    const value = settings[setting];
    draft.note(
      'import.invalid-value',
      `"${setting}" cannot be ${quote(JSON.stringify(value))}: ${error.message}; it is left out`,
      error.fix,
    );
    delete settings[setting];
  }
}

/** The settings without secrets, and a variable that holds one becomes a secret variable that somebody else sets. */
function scrubbed(node: StepNode, place: FindingPlace, into: SequenceImport): Pick<StepNode, 'settings'> {
  if (!node.settings) return {};
  const { name, value, secret } = node.settings;
  if (node.type === 'SetTaskSequenceVariable' && typeof name === 'string' && typeof value === 'string') {
    if ((secret === true || isSecretName(name)) && !isNoSecret(value)) {
      into.secret(place, `value of the variable ${name}`, name, value);
      return { settings: { name, value: `%${name}%`, secret: true } };
    }
  }
  return { settings: into.scrub(node.settings, place, 'a setting') };
}
