import { fileURLToPath } from 'node:url';
import { archiveOf } from '@muster/interchange/export/export-object.js';
import { exportSequence } from '@muster/interchange/export/export-sequence.js';
import { importFiles, type SourceMember } from '@muster/interchange/import-files.js';
import { importSequence, type ImportedSequence } from '@muster/interchange/import-sequence.js';
import { recognise } from '@muster/interchange/source/find-sequences.js';
import { structuresIn } from '../../../test/independent-structure.js';
import { openSources } from '../import/import-sources.js';

const folder = fileURLToPath(new URL('../../../../../test/data/task-sequences/', import.meta.url));
const sources = [...openSources([folder])];
const imported = importFiles(sources).files.flatMap(({ sequences }) => sequences);
const originals = sources.flatMap(({ members }) => (Array.isArray(members) ? structuresIn(members) : []));
const cases = imported.map((one, index) => [one.document.metadata.name, one, originals[index]] as const);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An exported text, imported again under the same name. */
function importedAgain(member: SourceMember, { document }: ImportedSequence): ImportedSequence {
  if (!(member.bytes instanceof Uint8Array)) throw member.bytes;
  const found = recognise(member.path, member.bytes);
  if (found.kind !== 'sequences' || !found.sequences[0]) throw new Error('no sequence');
  const bound = imported.flatMap((one) =>
    one.id === undefined ? [] : [[one.id.toLowerCase(), one.document.metadata.name] as const],
  );
  return importSequence(
    found.sequences[0],
    { name: document.metadata.name, displayName: document.metadata.displayName },
    { names: new Map(), bind: new Map(), sequences: new Map(bound) },
  );
}

describe('real task sequences of other people, exported back', () => {
  it('are all there', () => {
    expect(imported).toHaveLength(43);
    expect(originals).toHaveLength(43);
  });

  it.each(cases)(
    '%s has the groups, steps and conditions of the original, as another parser finds them',
    (_, one, original) => {
      const { xml, findings } = exportSequence(one.document);
      expect(findings).toEqual([]);
      expect(structuresIn([{ path: 'x.xml', bytes: bytes(xml) }])).toEqual([original]);
    },
  );

  it.each(cases)('%s is the same document when it is imported again', (_, one) => {
    const sequence = exportSequence(one.document);
    const bare = importedAgain({ path: 'x.xml', bytes: bytes(sequence.xml) }, one);
    expect(bare.document.spec.steps).toEqual(one.document.spec.steps);
    expect(bare.document.spec.variables).toEqual(one.document.spec.variables);
    if (one.origin === 'mdt') return expect(bare.document).toEqual(one.document);
    const object = archiveOf([{ document: one.document, sequence }])[1];
    const whole = importedAgain({ path: object?.path ?? '', bytes: bytes(object?.text ?? '') }, one);
    expect(whole.document.spec).toEqual(one.document.spec);
  });
});
