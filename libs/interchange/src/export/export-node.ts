import { isStep, type SequenceNode, type StepNode } from '@muster/sequence/model.js';
import { stepDefinition } from '@muster/sequence/steps/registry.js';
import { splitCommand, splitWords } from '@muster/sequence/steps/run-command-line/split-command.js';
import { writtenSettings } from '@muster/sequence/steps/written-settings.js';
import { importNodes } from '../import-nodes.js';
import { References } from '../references.js';
import { SequenceImport } from '../sequence-import.js';
import type { OtherSite, StepMapping } from '../steps/mapping.js';
import { newElement } from '../xml/write-xml.js';
import { attribute, childNamed, childrenNamed, type XmlElement } from '../xml/xml-element.js';
import { bare, originalOf } from './annotations.js';
import { same, sortVariables } from './compare.js';
import { conditionFor, overlayOriginal, type Precedence } from './overlay-original.js';
import { mappingFor, typeOf, writeNode } from './write-node.js';

/** Where an export says what it could not write. */
export interface ExportReport {
  find(code: string, message: string, fix?: string): void;
}

/**
 * One node as an element, without what is inside it. What is written is imported again and compared: whatever does not come back as
 * it was is a finding.
 */
export function exportNode(
  node: SequenceNode,
  site: OtherSite,
  bindings: ReadonlyMap<string, string>,
  report: ExportReport,
): XmlElement {
  const original = originalOf(node.annotations);
  const element = isStep(node)
    ? exportStep(node, original, site, bindings, report)
    : attempt(node, original, undefined, site, 'original');
  const condition = conditionFor(node.condition, original && childNamed(original, 'condition'), (message) =>
    report.find(
      'export.condition-left-out',
      `${message}; "UnmappedCondition equals true" stands for it, so the node is skipped there`,
      'write the condition anew there',
    ),
  );
  if (condition) element.children.push(condition);
  return element;
}

function exportStep(
  node: StepNode,
  original: XmlElement | undefined,
  site: OtherSite,
  bindings: ReadonlyMap<string, string>,
  report: ExportReport,
): XmlElement {
  const same = mappingFor(node, original && attribute(original, 'type'));
  const tries: [StepMapping | undefined, XmlElement | undefined, Precedence][] = [[same, original, 'original']];
  if (same?.writing) tries.push([same, original, 'settings']);
  const general = mappingFor(node, undefined);
  if (general !== same) tries.push([general, original && partsOfAnyType(original), 'settings']);
  let last: { element: XmlElement; missing: string[]; mapping: StepMapping | undefined } | undefined;
  for (const [mapping, rest, precedence] of tries) {
    if (mapping === undefined && stepDefinition(node.type)?.execution !== 'unsupported') continue;
    const problem = mapping?.writing?.problem?.(node.settings ?? {});
    if (problem !== undefined) return stub(node, site, problem, report);
    const element = attempt(node, rest, mapping, site, precedence);
    const missing = differences(node, element, bindings);
    last = { element, missing, mapping };
    if (missing.length > 0) continue;
    break;
  }
  if (!last || (last.mapping === undefined && !node.type.includes('_')))
    return stub(node, site, `${node.type} has no counterpart there`, report);
  if (original && last.mapping !== same)
    report.find(
      'export.type-changed',
      `the original was a ${typeOf(original) || 'step without a type'}; as it is now it is written as ${last.mapping?.from[0]}`,
    );
  for (const setting of last.missing)
    report.find('export.setting-left-out', `"${setting}" has no counterpart there, or cannot be written as it is`);
  return last.element;
}

/** Of an original of another type: condition and attributes. */
function partsOfAnyType(original: XmlElement): XmlElement {
  const attributes = [...original.attributes.values()].filter(({ name }) => name !== 'type');
  return newElement(original.writtenName, Object.fromEntries(attributes.map(({ name, value }) => [name, value])));
}

function attempt(
  node: SequenceNode,
  original: XmlElement | undefined,
  mapping: StepMapping | undefined,
  site: OtherSite,
  precedence: Precedence,
): XmlElement {
  const written = writeNode(node, site, mapping);
  if (!original) return inTheirOrder(written, site);
  // A call is an element of its own, or a step of that type.
  const element = 'sequence' in node ? { ...written, name: original.name, writtenName: original.writtenName } : written;
  overlayOriginal(element, original, node, mapping, site, precedence);
  return inTheirOrder(element, site);
}

function inTheirOrder(element: XmlElement, { dialect }: OtherSite): XmlElement {
  for (const list of childrenNamed(element, 'defaultvarlist')) sortVariables(list.children, dialect);
  return element;
}

/** A step that nothing there can do: it keeps its place, does nothing, and says what it was. */
function stub(node: StepNode, site: OtherSite, why: string, report: ExportReport): XmlElement {
  report.find(
    'export.no-counterpart',
    `${why}; it is written as a disabled Run Command Line`,
    'write the step anew there',
  );
  const description = `Muster: ${node.type}. ${node.description ?? ''}`.trim().slice(0, 256);
  const replacement: StepNode = {
    step: node.step,
    type: 'RunCommandLine',
    description,
    disabled: true,
    ...(node.continueOnError ? { continueOnError: true } : {}),
    ...(node.runIn ? { runIn: node.runIn } : {}),
    settings: { command: `cmd.exe /c rem ${node.type}` },
  };
  return writeNode(replacement, site, mappingFor(replacement, undefined));
}

/** Fields and settings that do not come back when the element is imported. */
function differences(node: StepNode, element: XmlElement, bindings: ReadonlyMap<string, string>): string[] {
  const references = new References({ names: new Map(), bind: bindings, sequences: new Map() });
  const into = new SequenceImport('x', references, { keepsOriginals: false });
  const [back] = importNodes(newElement('sequence', {}, [element]), { path: '', pointer: '/spec/steps' }, into);
  if (!back || !isStep(back) || back.type !== node.type) return ['type'];
  // Most come back as they were; the others may still say the same in other words.
  if (same(compared(node), compared(back))) return [];
  const wanted = comparable(node);
  const found = comparable(back);
  return [...new Set([...Object.keys(wanted), ...Object.keys(found)])].filter((key) => !same(wanted[key], found[key]));
}

/** What of a step is compared. */
function compared(node: StepNode): Omit<StepNode, 'annotations' | 'condition' | 'repeatable'> {
  const { condition: _condition, repeatable: _repeatable, ...rest } = bare(node);
  return rest;
}

/** A step by fields, its settings among them, with what is the same under two spellings in one. */
function comparable(node: StepNode): Record<string, unknown> {
  const { settings, type, successCodes, ...frame } = compared(node);
  const definition = stepDefinition(type);
  const plain = Object.fromEntries(Object.entries(settings ?? {}).filter(([, value]) => value !== ''));
  const written = definition ? writtenSettings(definition, plain) : undefined;
  const read = written && 'settings' in written ? { ...written.settings } : plain;
  const { script, arguments: words, command, executionPolicy, interpreter, ...others } = read;
  const list = typeof words === 'string' ? tryWords(words) : words;
  const line = typeof command === 'string' ? (list ? [command, ...(list as unknown[])] : tryCommand(command)) : list;
  return {
    ...frame,
    step: frame.step.trim(),
    successCodes: successCodes ?? definition?.defaults.successCodes,
    ...others,
    ...(line === undefined || (Array.isArray(line) && line.length === 0)
      ? {}
      : { [command === undefined ? 'arguments' : 'command']: line }),
    ...(typeof script === 'string' ? { script: script.replace(/\r\n?/g, '\n').trim() } : {}),
    ...(executionPolicy === undefined ? {} : { executionPolicy }),
    ...(interpreter === undefined || /\.ps1$/i.test(String(others['file'])) ? {} : { interpreter }),
  };
}

function tryWords(text: string): unknown {
  try {
    return splitWords(text);
  } catch {
    return text;
  }
}

function tryCommand(text: string): unknown {
  try {
    return splitCommand(text);
  } catch {
    return text;
  }
}
