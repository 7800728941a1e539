import { LIMITS } from '@muster/sequence/limits.js';
import type { SequenceNode } from '@muster/sequence/model.js';
import { stepDefinition } from '@muster/sequence/steps/registry.js';
import {
  type Common,
  commonOf,
  reportAttributes,
  reportElement,
  runInOf,
  shortened,
  successCodesOf,
  timingOf,
} from './node-attributes.js';
import { keepOriginal } from './export/keep-original.js';
import { quote, type FindingPlace } from './findings.js';
import type { SequenceImport } from './sequence-import.js';
import { SourceStep } from './source/source-step.js';
import { booleanOf } from './steps/fields.js';
import { mapStep } from './steps/map-step.js';
import type { StepFrame } from './steps/step-frame.js';
import { attribute, childrenNamed, NODE_ELEMENTS, type XmlElement } from './xml/xml-element.js';

const partsOfSteps = new Set(['action', 'condition', 'defaultvarlist']);

/** The nodes below an element, in their order; what is no node and no known part is reported. */
export function importNodes(
  element: XmlElement,
  at: { path: string; pointer: string },
  into: SequenceImport,
): SequenceNode[] {
  const nodes: SequenceNode[] = [];
  for (const child of element.children) {
    if (!NODE_ELEMENTS.has(child.name)) continue;
    const name = nameOf(child);
    const place = {
      path: at.path === '' ? name : `${at.path}/${name}`,
      pointer: `${at.pointer}/${nodes.length}`,
      line: child.line,
    };
    const node = child.name === 'group' ? importGroup(child, place, into) : importStep(child, place, into);
    if (into.keepsOriginals) {
      const annotations = keepOriginal(node, child, place, into);
      if (annotations) node.annotations = annotations;
    }
    nodes.push(node);
  }
  return nodes;
}

function nameOf(element: XmlElement): string {
  const name = attribute(element, 'name') ?? '';
  return name.trim() === '' ? attribute(element, 'type') || element.writtenName : name;
}

function importGroup(element: XmlElement, place: FindingPlace, into: SequenceImport): SequenceNode {
  into.groups++;
  for (const child of element.children)
    if (!NODE_ELEMENTS.has(child.name) && !partsOfSteps.has(child.name)) reportElement(child, place, into);
  for (const action of childrenNamed(element, 'action'))
    if (action.text.trim() !== '')
      into.find(place, 'note', 'import.setting-left-out', `a group has no action; it was: ${quote(action.text)}`);
  const common = commonOf(element, place, into);
  reportAttributes(element, [], place, into);
  const steps = importNodes(element, { path: place.path, pointer: `${place.pointer}/steps` }, into);
  return { group: shortened(nameOf(element), LIMITS.nameLength, 'name', place, into), ...common, steps };
}

function importStep(element: XmlElement, place: FindingPlace, into: SequenceImport): SequenceNode {
  into.steps++;
  for (const child of element.children) if (!partsOfSteps.has(child.name)) reportElement(child, place, into);
  const step = new SourceStep(element);
  const common = commonOf(element, place, into);
  // One MDT share has a step of this type that is something else, so the reference decides.
  const called = /SubTasksequence$/i.test(step.type) || element.name === 'subtasksequence';
  const childId = called ? step.take('TsPackageID') : undefined;
  if (childId) return importCall(step, childId, common, place, into);
  const name = shortened(nameOf(element), LIMITS.nameLength, 'name', place, into);
  const runIn = runInOf(element, place, into);
  const timing = timingOf(element, place, into);
  const codes = successCodesOf(element, step, place, into);
  const frame: StepFrame = {
    step: name,
    ...common,
    ...(runIn ? { runIn } : {}),
    ...timing,
    ...(codes ? { successCodes: codes } : {}),
  };
  const node = mapStep(step, frame, place, into);
  const defaults = stepDefinition(node.type)?.defaults.successCodes ?? [];
  if (codes && codes.length === defaults.length && codes.every((code, index) => code === defaults[index]))
    delete node.successCodes;
  const startIn = (attribute(element, 'startin') ?? '').trim();
  const raw = node.settings?.['attributes'] !== undefined;
  if (startIn !== '' && !raw) {
    if (node.type === 'RunCommandLine' || node.type === 'RunScript')
      node.settings = {
        ...node.settings,
        workingDirectory: node.settings?.['workingDirectory'] ?? startIn.slice(0, LIMITS.workingDirectoryLength),
      };
    else into.find(place, 'note', 'import.attribute-left-out', `it started in the folder ${quote(startIn)}`);
  }
  reportAttributes(
    element,
    ['runin', 'successcodelist', 'successcodes', 'retrycount', 'runfromnet', 'timeout', 'startin'],
    place,
    into,
  );
  if (
    !raw &&
    booleanOf(attribute(element, 'runfromnet') ?? 'false') !== false &&
    node.settings?.['runFromSource'] === undefined
  )
    into.find(
      place,
      'note',
      'import.attribute-left-out',
      'it ran its content from the distribution point; here it is downloaded',
    );
  return node;
}

/** A call of another sequence. Success codes and retries are no part of it: its steps have their own. */
function importCall(
  step: SourceStep,
  id: string,
  common: Common,
  place: FindingPlace,
  into: SequenceImport,
): SequenceNode {
  into.sequenceCalls++;
  const name = into.references.nameOf('TaskSequence', id, place, step.take('TsName'));
  step.ignore('TsName', 'TsReferencePackages', 'TsReferenceApplications');
  const description =
    common.description ?? (step.name !== '' ? step.name.slice(0, LIMITS.descriptionLength) : undefined);
  for (const { property, value } of step.rest()) {
    if (value === '') continue;
    into.find(
      place,
      'note',
      'import.setting-left-out',
      `the setting ${property} has no counterpart here; it was: ${quote(value)}`,
    );
  }
  reportAttributes(step.element, ['runin', 'successcodelist', 'retrycount', 'runfromnet'], place, into);
  into.record(step.type || 'subtasksequence', 'sequence: NAME', place, true);
  return { sequence: name, ...common, ...(description ? { description } : {}) };
}
