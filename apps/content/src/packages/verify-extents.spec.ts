import type { Manifest } from '@muster/contracts/agent/content.js';
import { digestOfBytes } from '@muster/contracts/digest.js';
import { doubtfulFiles } from './verify-extents.js';

const blob = (text: string, size: number) => ({ digest: digestOfBytes(text), size });
const file = (path: string, text: string, stored?: Manifest['files'][number]['stored']): Manifest['files'][number] => ({
  path,
  ...blob(text, 10),
  ...(stored ? { stored } : {}),
});

describe('a file whose extents are doubted', () => {
  const plain = file('plain', 'plain');
  const whole = file('whole', 'whole', { blobs: [blob('whole', 10)], extents: [[0, 0, 10]], chunks: blob('list', 9) });
  const joined = file('joined', 'joined', {
    blobs: [blob('a', 6), blob('b', 9)],
    extents: [
      [0, 0, 6],
      [1, 5, 4],
    ],
  });

  it('is one that is put together, and only one that is', () => {
    expect(doubtfulFiles({ files: [joined, plain, whole] }, undefined)).toEqual([joined]);
  });

  it('is none that the version before had in the same way, under whatever name; and each is read once', () => {
    expect(doubtfulFiles({ files: [joined] }, { files: [{ ...joined, path: 'other' }] })).toEqual([]);
    expect(doubtfulFiles({ files: [joined, { ...joined, path: 'again' }] }, { files: [plain] })).toHaveLength(1);
    const otherExtents = file('joined', 'joined', { blobs: [blob('b', 10)], extents: [[0, 0, 10]] });
    expect(doubtfulFiles({ files: [joined] }, { files: [otherExtents] })).toEqual([joined]);
  });
});
