import { LIMITS } from '@muster/sequence/limits.js';
import { isStep, type Annotations, type SequenceNode } from '@muster/sequence/model.js';
import type { FindingPlace } from '../findings.js';
import { isNoSecret, isSecretName } from '../secrets.js';
import type { SequenceImport } from '../sequence-import.js';
import type { OtherSite } from '../steps/mapping.js';
import { newElement, writeXml } from '../xml/write-xml.js';
import { attribute, childrenNamed, NODE_ELEMENTS, type XmlAttribute, type XmlElement } from '../xml/xml-element.js';
import { IDS_ANNOTATION, XML_ANNOTATION } from './annotations.js';
import { sortVariables, stableXml } from './compare.js';
import { writeCondition } from './write-condition.js';
import { mappingFor, typeOf, writeNode } from './write-node.js';

/** Longer values are kept only where settings say them anyway. */
const keptValueLength = 16_384;
/** Entries of one list that are kept. */
const mostEntries = 2000;

/**
 * What an export needs to write a node as its original was, and what its fields do not say: annotations for it, without secrets.
 * Undefined when the fields say everything.
 */
export function keepOriginal(
  node: SequenceNode,
  element: XmlElement,
  place: FindingPlace,
  into: SequenceImport,
): Annotations | undefined {
  const ids = into.references.idsOf(place.pointer);
  const site: OtherSite = { dialect: into.dialect, idOf: (_kind, name) => ids[name] };
  const mapping = isStep(node) ? mappingFor(node, typeOf(element)) : undefined;
  const written = writeNode(node, site, mapping);
  if (node.condition)
    written.children.push(writeCondition(node.condition, { reuse: () => undefined, problem: () => {} }));
  const left = rest(element, written, place, into);
  // The type tells how the step is written, unless it is the one that such steps are written as anyway.
  const type = typeOf(element);
  if (isStep(node) && (mapping !== mappingFor(node, undefined) || (mapping && type !== (mapping.from[0] ?? ''))))
    (left.attributes as Map<string, XmlAttribute>).set('type', { name: 'type', value: type });
  return annotationsOf(left, ids, place, into);
}

/** The annotations for what is left of an element, and the ids of what it refers to. */
export function annotationsOf(
  left: XmlElement,
  ids: Readonly<Record<string, string>>,
  place: FindingPlace,
  into: SequenceImport,
): Annotations | undefined {
  const annotations: Annotations = {};
  if (left.attributes.size > 0 || left.children.length > 0) {
    const xml = writeXml(left);
    if (xml.length <= LIMITS.annotationLength) annotations[XML_ANNOTATION] = xml;
    else
      into.find(
        place,
        'note',
        'import.original-not-kept',
        `${xml.length} characters of the original have no place here; an export back will be without them`,
      );
  }
  const json = JSON.stringify(Object.fromEntries(Object.entries(ids).toSorted(([a], [b]) => (a < b ? -1 : 1))));
  if (json !== '{}' && json.length <= LIMITS.annotationLength) annotations[IDS_ANNOTATION] = json;
  return Object.keys(annotations).length > 0 ? annotations : undefined;
}

/** What an element has and another has not, nodes inside left out. */
export function rest(element: XmlElement, written: XmlElement, place: FindingPlace, into: SequenceImport): XmlElement {
  const left = newElement(element.writtenName);
  const attributes = left.attributes as Map<string, XmlAttribute>;
  for (const [key, { name, value }] of element.attributes)
    if (attribute(written, key) !== value) attributes.set(key, { name, value: clean(value, place, into) ?? '' });
  for (const child of element.children) {
    if (NODE_ELEMENTS.has(child.name)) continue;
    const others = childrenNamed(written, child.name);
    if (['defaultvarlist', 'globalvarlist', 'referencelist'].includes(child.name)) {
      const entries = restOfList(child, others, place, into);
      if (child.name === 'defaultvarlist') sortVariables(entries, into.dialect);
      if (entries.length > 0) left.children.push(newElement(child.writtenName, {}, entries));
    } else if (child.name === 'action') {
      const text = child.text.trim();
      if (text === '' || others.some((other) => other.text.trim() === text)) continue;
      const action = clean(text, place, into);
      if (action !== undefined && action.length <= keptValueLength)
        left.children.push(newElement('action', {}, [], action));
    } else if (!others.some((other) => stableXml(other) === stableXml(child))) {
      const kept = cleanElement(child, place, into);
      if (kept) left.children.push(kept);
    }
  }
  left.children.sort((one, other) => rank(one) - rank(other));
  return left;
}

/** The same whatever order the parts had, so that an export and its import end where they began. */
function rank({ name }: XmlElement): number {
  return ['action', 'globalvarlist', 'referencelist', 'defaultvarlist', 'condition'].indexOf(name);
}

/** What is written anyway, to be looked up: a hostile list is long. */
interface WrittenEntries {
  readonly whole: ReadonlySet<string>;
  readonly byProperty: ReadonlyMap<string, XmlElement>;
}

function restOfList(
  list: XmlElement,
  others: readonly XmlElement[],
  place: FindingPlace,
  into: SequenceImport,
): XmlElement[] {
  const entries = others.flatMap(({ children }) => children);
  const written: WrittenEntries = {
    whole: new Set(entries.map(stableXml)),
    byProperty: new Map(entries.toReversed().map((one) => [propertyOf(one), one])),
  };
  const left: XmlElement[] = [];
  for (const entry of list.children) {
    if (NODE_ELEMENTS.has(entry.name)) continue;
    left.push(...restOfEntry(entry, written, place, into));
    if (left.length <= mostEntries) continue;
    const message = `<${list.writtenName}> has more than ${mostEntries} entries without a place here; an export back will be without them`;
    into.find(place, 'note', 'import.original-not-kept', message);
    return [];
  }
  return left;
}

function propertyOf(entry: XmlElement): string {
  return (attribute(entry, 'property') ?? attribute(entry, 'name') ?? '').trim().toLowerCase();
}

/** One `variable`, or another entry of a list. Its value is left out where settings say it. */
function restOfEntry(
  entry: XmlElement,
  written: WrittenEntries,
  place: FindingPlace,
  into: SequenceImport,
): XmlElement[] {
  if (written.whole.has(stableXml(entry))) return [];
  if (entry.name !== 'variable') return [cleanElement(entry, place, into)].flatMap((one) => one ?? []);
  const value = entry.text.trim();
  const same = written.byProperty.get(propertyOf(entry));
  const attributes = Object.fromEntries([...entry.attributes.values()].map((one) => [one.name, one.value]));
  if (value.length <= keptValueLength || same === undefined) {
    const kept = keptValue(entry, value, place, into);
    if (kept !== undefined && kept !== same?.text.trim()) return [newElement(entry.writtenName, attributes, [], kept)];
    if (same === undefined) return [];
  }
  const shape = (one: XmlElement): string => `${attribute(one, 'name')} ${attribute(one, 'hidden')}`;
  return shape(same) === shape(entry)
    ? []
    : [newElement(entry.writtenName, { ...attributes, [FROM_SETTINGS]: 'true' })];
}

/** The value of a variable as it may be kept; undefined when it may not. */
function keptValue(entry: XmlElement, value: string, place: FindingPlace, into: SequenceImport): string | undefined {
  if (value.length <= keptValueLength)
    return clean(value, place, into, attribute(entry, 'name'), attribute(entry, 'property'));
  const message = `the value of ${propertyOf(entry)} has ${value.length} characters and no place here; an export back will be without it`;
  into.find(place, 'note', 'import.original-not-kept', message);
  return undefined;
}

/** Marks a variable whose value the settings say. */
export const FROM_SETTINGS = 'from-settings';

function cleanElement(element: XmlElement, place: FindingPlace, into: SequenceImport): XmlElement | undefined {
  const copy = (one: XmlElement): XmlElement =>
    newElement(
      one.writtenName,
      Object.fromEntries(
        [...one.attributes.values()].map(({ name, value }) => [name, clean(value, place, into, name) ?? '']),
      ),
      one.children.filter(({ name }) => !NODE_ELEMENTS.has(name)).map(copy),
      clean(one.text.trim(), place, into, attribute(one, 'name'), attribute(one, 'property')) ?? '',
    );
  const copied = copy(element);
  if (writeXml(copied).length <= keptValueLength * 2) return copied;
  const message = `<${element.writtenName.slice(0, 60)}> is too long to be kept; an export back will be without it`;
  into.find(place, 'note', 'import.original-not-kept', message);
  return undefined;
}

/** A text without secrets; undefined when it is one, or has one in it that is no secret by its look. */
function clean(
  text: string,
  place: FindingPlace,
  into: SequenceImport,
  ...names: readonly (string | undefined)[]
): string | undefined {
  if (into.holdsSecret(place, text)) return undefined;
  const telling = names.find((name) => name !== undefined && isSecretName(name));
  if (telling !== undefined && !isNoSecret(text)) {
    into.secret(place, `the value of ${telling}`, undefined, text);
    return undefined;
  }
  return into.scrub(text, place, 'the original', true);
}
