import type { Manifest } from '@muster/contracts/agent/content.js';
import { digestOfBytes } from '@muster/contracts/digest.js';
import { compareManifests } from './compare-manifests.js';

const file = (path: string, text: string, executable?: boolean): Manifest['files'][number] => ({
  path,
  digest: digestOfBytes(text),
  size: text.length,
  ...(executable ? { executable } : {}),
});
const blob = (text: string, size: number) => ({ digest: digestOfBytes(text), size });

describe('two versions', () => {
  it('that are the same differ in nothing', () => {
    const one = { files: [file('a', 'aaa')] };
    expect(compareManifests(one, one)).toEqual({
      files: { added: 0, removed: 0, changed: 0, same: 1 },
      bytes: 3,
      bytesBefore: 3,
      bytesShared: 3,
      bytesToMove: 0,
      changes: [],
    });
  });

  it('differ in files that came, went, changed, and in what may be executed; a moved file shares all its bytes', () => {
    const from = { files: [file('gone', 'xxxxx'), file('kept', 'k'), file('old', 'moved!'), file('script', 's')] };
    const to = { files: [file('kept', 'kk'), file('new', 'moved!'), file('script', 's', true)] };
    expect(compareManifests(from, to)).toEqual({
      files: { added: 1, removed: 2, changed: 2, same: 0 },
      bytes: 9,
      bytesBefore: 13,
      bytesShared: 7,
      bytesToMove: 2,
      changes: [
        { path: 'gone', change: 'removed', bytesBefore: 5, bytesShared: 0 },
        { path: 'kept', change: 'changed', bytes: 2, bytesBefore: 1, bytesShared: 0 },
        { path: 'new', change: 'added', bytes: 6, bytesShared: 6 },
        { path: 'old', change: 'removed', bytesBefore: 6, bytesShared: 0 },
        { path: 'script', change: 'executable', bytes: 1, bytesBefore: 1, bytesShared: 1 },
      ],
    });
  });

  it('of an image share the extents of blobs that both have', () => {
    const image = (text: string, size: number, stored: Manifest['files'][number]['stored']) => ({
      files: [{ path: 'image', digest: digestOfBytes(text), size, stored }],
    });
    const from = image('v1', 100, { blobs: [blob('all', 100)], extents: [[0, 0, 100]], chunks: blob('list 1', 40) });
    const to = image('v2', 98, {
      blobs: [blob('all', 100), blob('new', 8)],
      extents: [
        [0, 0, 50],
        [1, 0, 8],
        [0, 60, 40],
      ],
      chunks: blob('list 2', 44),
    });
    expect(compareManifests(from, to)).toMatchObject({
      bytesShared: 90,
      bytesToMove: 52,
      changes: [{ path: 'image', change: 'changed', bytes: 98, bytesBefore: 100, bytesShared: 90 }],
    });
  });
});
