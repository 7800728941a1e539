import { digestOfBytes } from '@muster/contracts/digest.js';
import { KnownExtents } from './known-extents.js';

const [image, other, old, fresh] = ['image', 'other', 'old', 'fresh'].map((text) => digestOfBytes(text)) as [
  string,
  string,
  string,
  string,
];

describe('the extents that folders have', () => {
  const known = new KnownExtents();
  known.add('/cache/v1', { files: [{ path: 'small', digest: other, size: 5 }] });
  known.add('/cache/v2', {
    files: [
      {
        path: 'images/a',
        digest: image,
        size: 80,
        stored: {
          blobs: [
            { digest: old, size: 100 },
            { digest: fresh, size: 20 },
          ],
          extents: [
            [0, 0, 30],
            [1, 0, 20],
            [0, 40, 30],
          ],
        },
      },
    ],
  });

  it.each<[string, string, number, number, { path: string; offset: number; size: number }[] | undefined]>([
    ['a file that is one blob', other, 1, 3, [{ path: '/cache/v1/small', offset: 1, size: 3 }]],
    ['a part of an extent', old, 10, 20, [{ path: '/cache/v2/images/a', offset: 10, size: 20 }]],
    ['an extent behind another blob', old, 45, 10, [{ path: '/cache/v2/images/a', offset: 55, size: 10 }]],
    ['bytes that are in no file any more', old, 20, 25, undefined],
    ['bytes behind the end', old, 60, 20, undefined],
    ['another blob', image, 0, 1, undefined],
  ])('are found: %s', (_title, digest, offset, size, pieces) => {
    expect(known.find(digest, offset, size)).toEqual(pieces);
  });
});
