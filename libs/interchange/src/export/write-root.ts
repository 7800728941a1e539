import type { SequenceSpec } from '@muster/sequence/model.js';
import type { SequenceOrigin } from '../source/find-sequences.js';
import { newElement } from '../xml/write-xml.js';
import { attribute, type XmlElement } from '../xml/xml-element.js';
import { FROM_SETTINGS } from './keep-original.js';

/** The `sequence` element as the document says it, without nodes. */
export function writeRoot(
  spec: Pick<SequenceSpec, 'displayName' | 'description'>,
  dialect: SequenceOrigin,
  variables: readonly (readonly [string, string])[],
  references: readonly XmlElement[],
): XmlElement {
  const named = dialect === 'mdt' ? { name: spec.displayName, description: spec.description ?? '' } : {};
  const lists: [string, XmlElement[]][] = [
    ['globalVarList', variables.map(([name, value]) => newElement('variable', { name, property: name }, [], value))],
    ['referenceList', [...references]],
  ];
  return newElement(
    'sequence',
    { version: dialect === 'mdt' ? '3.00' : '3.10', ...named },
    lists.flatMap(([name, entries]) => (entries.length === 0 ? [] : [newElement(name, {}, entries)])),
  );
}

/** That element with what is left of the original, and the nodes. */
export function overlayRoot(written: XmlElement, original: XmlElement, nodes: readonly XmlElement[]): XmlElement {
  const attributes = new Map(written.attributes);
  for (const [key, one] of original.attributes) attributes.set(key, one);
  const parts = written.children.map((one) => ({ ...one, children: [...one.children] }));
  for (const part of original.children) {
    const same = parts.find(({ name }) => name === part.name);
    if (same && ['globalvarlist', 'referencelist'].includes(part.name))
      for (const entry of part.children) overlayEntry(same.children, entry);
    else parts.push({ ...part, children: [...part.children] });
  }
  return { ...written, attributes, children: [...parts, ...nodes] };
}

/** Of a variable that both have, the document knows the value and the original how it was written. */
function overlayEntry(entries: XmlElement[], entry: XmlElement): void {
  const name = attribute(entry, 'name')?.toLowerCase();
  const at = name === undefined ? -1 : entries.findIndex((one) => attribute(one, 'name')?.toLowerCase() === name);
  const attributes = [...entry.attributes.values()].filter((one) => one.name !== FROM_SETTINGS);
  const plain = Object.fromEntries(attributes.map((one) => [one.name, one.value]));
  if (at < 0) entries.push(entry);
  else entries[at] = newElement(entry.writtenName, plain, [], entries[at]?.text);
}
