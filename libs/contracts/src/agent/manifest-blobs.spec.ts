import { digestOfBytes } from '../digest.js';
import { manifestSchema } from './content.js';
import { blobsOf } from './manifest-blobs.js';

const [file, other, old, fresh, list] = ['file', 'other', 'old', 'fresh', 'list'].map((text) =>
  digestOfBytes(text),
) as [string, string, string, string, string];

describe('the blobs of a manifest', () => {
  it('are the files themselves, each content once, where nothing else is said', () => {
    const files = [
      { path: 'a', digest: file, size: 3 },
      { path: 'b', digest: other, size: 0 },
      { path: 'c', digest: file, size: 3 },
    ];
    expect(blobsOf({ files })).toEqual([
      { digest: file, size: 3, path: 'a', files: [0, 2], fileBytes: 6 },
      { digest: other, size: 0, path: 'b', files: [1], fileBytes: 0 },
    ]);
  });

  it('are what the extents of a large file name, and the list of its chunks, which no agent needs', () => {
    const stored = {
      blobs: [
        { digest: old, size: 100 },
        { digest: fresh, size: 10 },
      ],
      extents: [
        [0, 0, 40],
        [1, 0, 10],
        [0, 50, 20],
      ] as [number, number, number][],
      chunks: { digest: list, size: 8 },
    };
    const manifest = { files: [{ path: 'image', digest: file, size: 70, stored }] };
    expect(manifestSchema.parse(manifest)).toEqual(manifest);
    expect(blobsOf(manifest)).toEqual([
      { digest: old, size: 100, path: 'image', files: [0], fileBytes: 60 },
      { digest: fresh, size: 10, path: 'image', files: [0], fileBytes: 10 },
      { digest: list, size: 8, path: 'image', files: [], fileBytes: 0 },
    ]);
  });
});
