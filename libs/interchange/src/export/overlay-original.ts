import type { Condition } from '@muster/sequence/conditions/model.js';
import { isStep, type SequenceNode } from '@muster/sequence/model.js';
import { stepDefinition } from '@muster/sequence/steps/registry.js';
import { mapCondition } from '../conditions/map-condition.js';
import { runInOf, successCodesOf, switchOf, timingOf } from '../node-attributes.js';
import { References } from '../references.js';
import { SequenceImport } from '../sequence-import.js';
import { SourceStep } from '../source/source-step.js';
import type { OtherSite, StepMapping } from '../steps/mapping.js';
import { newElement } from '../xml/write-xml.js';
import { attribute, childNamed, childrenNamed, type XmlElement } from '../xml/xml-element.js';
import { same, stable, stableXml } from './compare.js';
import { FROM_SETTINGS } from './keep-original.js';
import { writeCondition } from './write-condition.js';
import { conditionsIn } from './write-node.js';

/** Which side counts where the original and the settings both say something. */
export type Precedence = 'original' | 'settings';

const nowhere = { path: '', pointer: '', line: 0 };
const scratch = (): SequenceImport =>
  new SequenceImport('x', new References({ names: new Map(), bind: new Map(), sequences: new Map() }));

/** Puts what is left of the original into the element that the node is written as; changes that element. */
export function overlayOriginal(
  written: XmlElement,
  original: XmlElement,
  node: SequenceNode,
  mapping: StepMapping | undefined,
  site: OtherSite,
  precedence: Precedence,
): void {
  overlayAttributes(written, original, node);
  for (const part of original.children) {
    if (part.name === 'condition') continue;
    const others = childrenNamed(written, part.name);
    if (part.name === 'defaultvarlist') overlayVariables(written, part, node, mapping, site, precedence);
    else if (part.name === 'action') {
      if (precedence === 'settings' && mapping?.writing) continue;
      written.children.splice(0, written.children.length, ...written.children.filter(({ name }) => name !== 'action'));
      written.children.unshift(part);
    } else if (!others.some((other) => stableXml(other) === stableXml(part))) written.children.push(part);
  }
}

function overlayAttributes(written: XmlElement, original: XmlElement, node: SequenceNode): void {
  const attributes = written.attributes as Map<string, { name: string; value: string }>;
  const wanted = frameOf(written, node);
  for (const [key, one] of original.attributes) {
    const before = attributes.get(key);
    attributes.set(key, one);
    // An attribute that a field says stays only while it says the same.
    if (same(frameOf(written, node), wanted)) continue;
    if (before === undefined) attributes.delete(key);
    else attributes.set(key, before);
  }
  if (attribute(written, 'type') === '' && written.name === 'step') attributes.delete('type');
}

/** What the attributes of an element say in terms of fields. */
function frameOf(element: XmlElement, node: SequenceNode): unknown {
  const into = scratch();
  const name = (attribute(element, 'name') ?? '').trim() || attribute(element, 'type') || element.writtenName;
  const common = {
    name: 'sequence' in node ? undefined : cut(name, 100),
    description: cut((attribute(element, 'description') ?? '').trim(), 256),
    disabled: switchOf(element, 'disable', nowhere, into),
    continueOnError: switchOf(element, 'continueonerror', nowhere, into),
  };
  if (!isStep(node)) return common;
  const codes = successCodesOf(element, new SourceStep(newElement('step')), nowhere, into);
  return {
    ...common,
    runIn: runInOf(element, nowhere, into),
    ...timingOf(element, nowhere, into),
    successCodes: codes ?? stepDefinition(node.type)?.defaults.successCodes,
  };
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function overlayVariables(
  written: XmlElement,
  list: XmlElement,
  node: SequenceNode,
  mapping: StepMapping | undefined,
  site: OtherSite,
  precedence: Precedence,
): void {
  const existing = childNamed(written, 'defaultvarlist');
  const ours = existing?.children ?? [];
  const fields = new Map(Object.entries(mapping?.fields ?? {}).map(([name, field]) => [name.toLowerCase(), field]));
  const settings = isStep(node) ? (node.settings ?? {}) : {};
  const kept = list.children.flatMap((entry): XmlElement[] => {
    const property = propertyOf(entry);
    const same = ours.find((one) => propertyOf(one) === property);
    const plain = Object.fromEntries(
      [...entry.attributes.values()]
        .filter(({ name }) => name !== FROM_SETTINGS)
        .map(({ name, value }) => [name, value]),
    );
    const fromSettings = entry.attributes.has(FROM_SETTINGS);
    if (precedence === 'original' && !fromSettings) return [entry];
    if (same) return [newElement(entry.writtenName, plain, [], same.text)];
    const field = fields.get(property) ?? fields.get((attribute(entry, 'name') ?? '').toLowerCase());
    if (field?.setting !== undefined && settings[field.setting] !== undefined) {
      const value = field.write?.(settings[field.setting], site);
      return value === undefined ? [] : [newElement(entry.writtenName, plain, [], value)];
    }
    // What the settings would say if it were so still is gone with them.
    const gone = fromSettings || field?.setting !== undefined || mapping?.writing?.owns?.test(property) === true;
    return gone && entry.text !== '' ? [] : [newElement(entry.writtenName, plain, [], entry.text)];
  });
  const said = new Set(kept.map(propertyOf));
  const settingsSaid = new Set(kept.flatMap((one) => fields.get(propertyOf(one))?.setting ?? []));
  const others = ours.filter((one) => {
    const setting = fields.get(propertyOf(one))?.setting;
    return !said.has(propertyOf(one)) && (setting === undefined || !settingsSaid.has(setting));
  });
  const all = newElement(existing?.writtenName ?? 'defaultVarList', {}, [...others, ...kept]);
  if (existing) written.children.splice(written.children.indexOf(existing), 1, all);
  else written.children.push(all);
}

function propertyOf(entry: XmlElement): string {
  return (attribute(entry, 'property') ?? attribute(entry, 'name') ?? '').trim().toLowerCase();
}

/** The condition of a node: the original's while it says the same, else a new one that takes over what it still can. */
export function conditionFor(
  condition: Condition | undefined,
  original: XmlElement | undefined,
  problem: (message: string) => void,
): XmlElement | undefined {
  if (original && same(readCondition(original, condition), condition)) return original;
  if (!condition) return undefined;
  const pieces = new Map<string, XmlElement>();
  for (const piece of original ? operandsIn(original) : []) {
    const said = readCondition(newElement('condition', {}, [piece]), condition);
    if (said) pieces.set(stable(said), piece);
  }
  return writeCondition(condition, {
    reuse: (one) => (pieces.size === 0 ? undefined : pieces.get(stable(one))),
    problem,
  });
}

function* operandsIn(element: XmlElement): Generator<XmlElement> {
  for (const child of element.children) {
    if (!['operator', 'expression', 'osconditiongroup', 'osexpressiongroup'].includes(child.name)) continue;
    yield child;
    yield* operandsIn(child);
  }
}

/** What a condition of theirs is here; stand-ins get the names that they have in the present condition. */
function readCondition(element: XmlElement, present: Condition | undefined): Condition | undefined {
  const names = (present ? [...conditionsIn(present)] : []).flatMap((one) =>
    'variable' in one && /^UnmappedCondition\d+$/.test(one.variable) ? [one.variable] : [],
  );
  return mapCondition(element, {
    expression: () => {},
    note: () => {},
    standIn: () => names.shift() ?? 'UnmappedCondition0',
  });
}
