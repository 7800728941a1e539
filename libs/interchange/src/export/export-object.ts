import { newElement, writeXml } from '../xml/write-xml.js';
import type { XmlElement } from '../xml/xml-element.js';
import { FACTS_ANNOTATION, textsIn } from './annotations.js';
import type { ExportedDocument, ExportedSequence } from './export-sequence.js';

/** A member of an archive. */
export interface ArchiveMember {
  readonly path: string;
  readonly text: string;
}

/**
 * Sequences as members of an archive that ConfigMgr's console writes: an object of class SMS_TaskSequencePackage each, with the sequence as
 * the text of a property. Those of MDT lie as in its share. The list of objects is there as far as its form is known; nothing of the content of packages is.
 */
export function archiveOf(
  exported: readonly { document: ExportedDocument; sequence: ExportedSequence }[],
): ArchiveMember[] {
  const taken = new Set<string>();
  const shares = exported.filter(({ sequence }) => sequence.dialect === 'mdt');
  const objects = exported
    .filter((one) => !shares.includes(one))
    .map(({ document, sequence }) => {
      const id = uniqueId(packageIdOf(document), taken);
      return { id, path: `SMS_TaskSequencePackage/${id}/object.xml`, text: objectXml(id, document, sequence) };
    });
  const manifest = newElement('LibraryDocument', {}, [
    newElement('Properties'),
    newElement('Contents'),
    newElement(
      'EntryObjects',
      {},
      objects.map(({ id }) =>
        newElement('Object', { Path: `SMS_TaskSequencePackage.PackageID='${id}'`, Type: 'SMS_TaskSequencePackage' }),
      ),
    ),
  ]);
  return [
    ...(objects.length === 0 ? [] : [{ path: 'Manifest.xml', text: writeXml(manifest, '  ') }]),
    ...objects.map(({ path, text }) => ({ path, text })),
    ...shares.map(({ document, sequence }) => ({
      path: `Control/${document.metadata.name}/ts.xml`,
      text: sequence.xml,
    })),
  ];
}

/** The id that the sequence had there; else one of the same form, made of its name. */
export function packageIdOf({ metadata }: ExportedDocument): string {
  const id = metadata.labels?.['import/id'] ?? '';
  if (/^[A-Za-z0-9]{8}$/.test(id)) return id;
  let hash = 0x811c9dc5;
  for (const character of metadata.name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return `MST${(hash % 0x100000).toString(16).toUpperCase().padStart(5, '0')}`;
}

function uniqueId(id: string, taken: Set<string>): string {
  let candidate = id;
  for (let count = 1; taken.has(candidate.toUpperCase()); count++)
    candidate = `${id.slice(0, 3)}${count.toString(16).toUpperCase().padStart(5, '0')}`;
  taken.add(candidate.toUpperCase());
  return candidate;
}

function objectXml(id: string, { metadata, spec }: ExportedDocument, sequence: ExportedSequence): string {
  const facts = textsIn(spec.annotations, FACTS_ANNOTATION);
  const properties = {
    ...facts,
    Description: spec.description ?? '',
    ...(spec.maximumRunTimeMinutes === undefined ? {} : { Duration: String(spec.maximumRunTimeMinutes) }),
    Name: spec.displayName ?? metadata.name,
    PackageID: id,
    Sequence: sequence.xml,
  };
  return writeXml(
    newElement('INSTANCE', { CLASSNAME: 'SMS_TaskSequencePackage' }, Object.entries(properties).map(property)),
    '  ',
  );
}

function property([name, value]: [string, string]): XmlElement {
  const type = name === 'Duration' ? 'uint32' : 'string';
  return newElement('PROPERTY', { NAME: name, CLASSORIGIN: 'SMS_TaskSequencePackage', TYPE: type }, [
    newElement('VALUE', {}, [], value),
  ]);
}
