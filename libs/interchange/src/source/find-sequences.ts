import { ImportRefusal } from '../refusal.js';
import { decodeEntities } from '../xml/entities.js';
import { decodeText } from '../xml/decode-text.js';
import { parseXml } from '../xml/parse-xml.js';
import { attribute, childNamed, childrenNamed, walkXml, type XmlElement } from '../xml/xml-element.js';
import { lookup } from '../lookup.js';

/** Which writer a sequence comes from. */
export type SequenceOrigin = 'configmgr' | 'mdt';

/** A sequence that was found, with what its surroundings say about it. */
export interface FoundSequence {
  /** A `sequence` element. */
  readonly root: XmlElement;
  readonly origin: SequenceOrigin;
  /** Id in the other site, where the file says so. */
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly maximumRunTimeMinutes?: number | undefined;
  /** Facts of the object that have no place in a sequence of ours, by name. */
  readonly otherFacts?: Readonly<Record<string, string>> | undefined;
}

/** What a text turned out to be: sequences, or names for ids, or something else that an export brings along. */
export type Recognised =
  | { readonly kind: 'sequences'; readonly sequences: readonly FoundSequence[] }
  | { readonly kind: 'names'; readonly what: string; readonly names: readonly (readonly [id: string, name: string])[] }
  | { readonly kind: 'other'; readonly what: string };

/**
 * Tells what a file or a member of an archive is.
 *
 * @param path for recognising rules files by their name
 * @throws ImportRefusal when it cannot be read at all
 */
export function recognise(path: string, bytes: Uint8Array): Recognised {
  const text = decodeText(bytes);
  const start = text.trimStart();
  if (/\.ini$/i.test(path) || /^(;|#|\[[^\]\r\n]{1,100}\])/.test(start)) {
    return { kind: 'other', what: 'an MDT rules file (ini): it gives values to variables and has no steps' };
  }
  if (start === '') throw new ImportRefusal('import.empty', 'there is nothing but blanks in the file');
  if (/^&lt;[?!A-Za-z]/.test(start)) return recogniseXml(unescaped(start));
  if (!start.startsWith('<'))
    throw new ImportRefusal('import.not-xml', 'the file does not begin with an element of XML');
  return recogniseXml(start);
}

/** A whole file that somebody saved with its markup escaped. */
function unescaped(text: string): string {
  const decoded = decodeEntities(text);
  if ('problem' in decoded) throw new ImportRefusal('import.unknown-entity', decoded.problem);
  return decoded.text;
}

function recogniseXml(text: string): Recognised {
  const root = parseXml(text);
  switch (root.name) {
    case 'sequence':
      return { kind: 'sequences', sequences: [fromRoot(root)] };
    case 'group':
    case 'step':
    case 'subtasksequence':
      return { kind: 'sequences', sequences: [fromRoot(wrapped(root))] };
    case 'instance':
      return fromInstance(root);
    case 'smstasksequencepackage':
      return { kind: 'sequences', sequences: [fromEnvelope2007(root)] };
    case 'tss':
      return namesOf(root, 'ts', 'the list of sequences of an MDT share', 'id');
    case 'applications':
      return namesOf(root, 'application', 'the list of applications of an MDT share');
    case 'oss':
      return namesOf(root, 'os', 'the list of systems of an MDT share');
    case 'arrayofstring':
      return fromReferencesInfo(root);
    default:
      return fromUnknown(root);
  }
}

const descriptions: Readonly<Record<string, string>> = {
  unattend: 'an answer file of Windows Setup',
  librarydocument: 'the manifest of a ConfigMgr export',
  drivers: 'the list of drivers of an MDT share',
  packages: 'the list of packages of an MDT share',
  groups: 'a list of folders of an MDT share',
  settings: 'the settings of an MDT share',
  selectionprofiles: 'the selection profiles of an MDT share',
};

function fromUnknown(root: XmlElement): Recognised {
  const found: FoundSequence[] = [];
  for (const element of walkXml(root)) if (element.name === 'sequence') found.push(fromRoot(element));
  if (found.length > 0) return { kind: 'sequences', sequences: found };
  const what =
    lookup(descriptions, root.name) ??
    `an XML document of another kind (its root is <${root.writtenName.slice(0, 60)}>)`;
  return { kind: 'other', what };
}

function fromRoot(root: XmlElement): FoundSequence {
  return {
    root,
    origin: isMdt(root) ? 'mdt' : 'configmgr',
    name: attribute(root, 'name'),
    description: attribute(root, 'description'),
  };
}

function wrapped(node: XmlElement): XmlElement {
  return {
    name: 'sequence',
    writtenName: 'sequence',
    attributes: new Map(),
    children: [node],
    text: '',
    line: node.line,
  };
}

/** MDT has types of its own, and actions that run its scripts. */
function isMdt(root: XmlElement): boolean {
  for (const element of walkXml(root)) {
    if (element.name === 'step' && /^BDD_/i.test(attribute(element, 'type') ?? '')) return true;
    // ConfigMgr runs commands through a program of its own, also those for which somebody set MDT's variables.
    if (element.name === 'action' && /^(?!\s*smsswd\b)[^]*%(SCRIPTROOT|DEPLOYROOT)%/i.test(element.text)) return true;
  }
  return false;
}

/** Facts of a package object that people wrote and that a sequence of ours has no place for. */
const otherFacts = ['BootImageID', 'DependentProgram', 'Category', 'CustomProgressMsg', 'SupportedOperatingSystems'];

/** `object.xml` of a console export: an INSTANCE of CIM-XML, with the sequence as the text of a property. */
function fromInstance(root: XmlElement): Recognised {
  const className = attribute(root, 'classname') ?? '';
  const properties = new Map(
    childrenNamed(root, 'property').map((one) => [
      (attribute(one, 'name') ?? '').toLowerCase(),
      (childNamed(one, 'value')?.text ?? '').trim(),
    ]),
  );
  const get = (name: string): string | undefined => properties.get(name.toLowerCase()) || undefined;
  const sequence = get('Sequence');
  if (sequence === undefined) {
    const id = get('PackageID') ?? get('ModelName') ?? get('ImageID');
    const name = get('Name') ?? get('LocalizedDisplayName');
    const what = `an object of class ${className}`;
    return id !== undefined && name !== undefined
      ? { kind: 'names', what, names: [[id, name]] }
      : { kind: 'other', what };
  }
  const inner = recogniseXml(sequence.startsWith('&lt;') ? unescaped(sequence) : sequence);
  if (inner.kind !== 'sequences')
    throw new ImportRefusal('import.not-a-sequence', 'the property Sequence of the object holds no sequence');
  const minutes = Number(get('Duration') ?? '');
  const facts = Object.fromEntries(otherFacts.flatMap((name) => (get(name) ? [[name, get(name) ?? '']] : [])));
  return {
    kind: 'sequences',
    sequences: inner.sequences.map((one) => ({
      ...one,
      origin: 'configmgr',
      id: get('PackageID'),
      name: get('Name') ?? one.name,
      description: get('Description') ?? one.description,
      ...(Number.isInteger(minutes) && minutes > 0 && minutes <= 525_600 ? { maximumRunTimeMinutes: minutes } : {}),
      otherFacts: facts,
    })),
  };
}

/** What the product wrote in 2007: the facts as elements, the sequence inside SequenceData. */
function fromEnvelope2007(root: XmlElement): FoundSequence {
  const get = (name: string): string | undefined => childNamed(root, name)?.text.trim() || undefined;
  const data = childNamed(root, 'sequencedata');
  const inside = data && childNamed(data, 'sequence');
  const text = data?.text.trim() ?? '';
  const sequence = inside ?? (text.startsWith('<') ? parseXml(text) : undefined);
  if (sequence?.name !== 'sequence')
    throw new ImportRefusal('import.not-a-sequence', 'SequenceData of the SmsTaskSequencePackage holds no sequence');
  const facts = Object.fromEntries(
    otherFacts.flatMap((name) => (get(name.toLowerCase()) ? [[name, get(name.toLowerCase()) ?? '']] : [])),
  );
  const found = fromRoot(sequence);
  return {
    ...found,
    origin: 'configmgr',
    name: get('name') ?? found.name,
    description: get('description') ?? found.description,
    otherFacts: facts,
  };
}

/** A list of an MDT share: elements with a `guid` and a Name inside. */
function namesOf(root: XmlElement, element: string, what: string, idElement?: string): Recognised {
  const names = childrenNamed(root, element).flatMap((one) => {
    const name = childNamed(one, 'name')?.text.trim() ?? '';
    const ids = [attribute(one, 'guid') ?? '', (idElement && childNamed(one, idElement)?.text.trim()) ?? ''];
    return name === '' ? [] : ids.filter((id) => id !== '').map((id) => [id, name] as const);
  });
  return { kind: 'names', what, names };
}

/** ReferencesInfo.xml and AppReferencesInfo.xml: objects as escaped documents inside strings. */
function fromReferencesInfo(root: XmlElement): Recognised {
  const names = childrenNamed(root, 'string').flatMap((string) => {
    if (!string.text.trim().startsWith('<')) return [];
    const properties = new Map(
      childrenNamed(parseXml(string.text.trim()), 'property').map((one) => [
        (attribute(one, 'name') ?? '').toLowerCase(),
        (childNamed(one, 'value')?.text ?? '').trim(),
      ]),
    );
    const id =
      properties.get('referencepackageid') || properties.get('refappmodelname') || properties.get('referenceid') || '';
    const name = properties.get('referencename') || properties.get('refappname') || '';
    return id !== '' && name !== '' ? [[id, name] as const] : [];
  });
  return { kind: 'names', what: 'the list of references of a ConfigMgr export', names };
}
