import { validateSequence } from '@muster/sequence/validate.js';
import { importSequence, type ImportedSequence } from '../src/import-sequence.js';
import { recognise } from '../src/source/find-sequences.js';

/** A sequence out of the XML of its nodes. `bind` by id in lower case. */
export function imported(xml: string, bind: Record<string, string> = {}): ImportedSequence {
  const found = recognise('x.xml', new TextEncoder().encode(`<sequence version="3.10">${xml}</sequence>`));
  if (found.kind !== 'sequences' || !found.sequences[0]) throw new Error('no sequence');
  const knowledge = { names: new Map(), bind: new Map(Object.entries(bind)), sequences: new Map() };
  return importSequence(found.sequences[0], { name: 'x', displayName: 'x' }, knowledge);
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** The XML of a step; properties whose variable is called otherwise are written `property|variable`. */
export function step(type: string, properties: Record<string, string>, action = '', attributes = ''): string {
  const variables = Object.entries(properties).map(([key, value]) => {
    const [property = '', name = property] = key.split('|');
    return `<variable name="${name}" property="${property}">${escape(value)}</variable>`;
  });
  const typed = type === '' ? '' : `type="${type.startsWith('BDD_') ? type : `SMS_TaskSequence_${type}`}"`;
  return `<step ${typed} name="S" ${attributes}><action>${escape(action)}</action><defaultVarList>${variables.join('')}</defaultVarList></step>`;
}

/** The one step that a step became. */
export function became(
  type: string,
  properties: Record<string, string>,
  action = '',
  attributes = '',
): Record<string, unknown> {
  const { document } = imported(step(type, properties, action, attributes));
  expect(validateSequence(document.spec).filter(({ severity }) => severity === 'error')).toEqual([]);
  const { annotations: _, ...node } = document.spec.steps[0] as unknown as Record<string, unknown>;
  return node;
}

/** An inline script as files have it. */
export const script = (text: string): string => Buffer.from(`\ufeff${text}`, 'utf16le').toString('base64');
