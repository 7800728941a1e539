import { digestOfBytes } from '@muster/contracts/digest.js';
import { decideVersion, type KnownVersion } from './version-decision.js';

const A = digestOfBytes('a');
const B = digestOfBytes('b');
const C = digestOfBytes('c');

describe('the version of a manifest', () => {
  it.each<[string, KnownVersion[], { version: number; isNew: boolean }]>([
    ['is 1 for the first', [], { version: 1, isNew: true }],
    ['is the newest when nothing changed', [known(1, B), known(2, A)], { version: 2, isNew: false }],
    ['is new when the files are those of an older version', [known(1, A), known(2, B)], { version: 3, isNew: true }],
    ['resumes an upload of the same files', [known(1, B), begun(2, A)], { version: 2, isNew: false }],
    ['is new beside an upload of other files', [known(1, B), begun(2, C)], { version: 3, isNew: true }],
    [
      'is the newest available one, whatever is being uploaded',
      [known(1, A), begun(2, C)],
      { version: 1, isNew: false },
    ],
    ['takes no number again that was deleted', [known(1, B), gone(2, A)], { version: 3, isNew: true }],
    ['does not resume what was overtaken', [begun(1, A), known(2, B)], { version: 3, isNew: true }],
  ])('%s', (_title, versions, decision) => {
    expect(decideVersion(versions, A)).toEqual(decision);
  });
});

function known(version: number, manifest: KnownVersion['manifest']): KnownVersion {
  return { version, state: 'available', manifest };
}

function gone(version: number, manifest: KnownVersion['manifest']): KnownVersion {
  return { version, state: 'deleted', manifest };
}

function begun(version: number, manifest: KnownVersion['manifest']): KnownVersion {
  return { version, state: 'uploading', manifest };
}
