import { digestOfBytes } from '@muster/contracts/digest.js';
import * as fc from 'fast-check';
import { BadCopies, type ContentSource, sourcesOf } from './bad-copies.js';

const [manifest, a, b] = ['m', 'a', 'b'].map((text) => digestOfBytes(text)) as [
  `sha256:${string}`,
  `sha256:${string}`,
  `sha256:${string}`,
];
const source = (point: string, signature = '1'): ContentSource => ({
  url: `http://${point}/x?signature=${signature}`,
  point,
});

describe('bad copies', () => {
  it('put their point behind the others, for that file only, whatever its next address is', () => {
    const bad = new BadCopies(manifest);
    bad.note(a, source('near'), 'wrong-bytes');
    const next = [source('near', '2'), source('far', '2')];
    expect(bad.order(a, next).map(({ point }) => point)).toEqual(['far', 'near']);
    expect(bad.order(b, next).map(({ point }) => point)).toEqual(['near', 'far']);
  });

  it('are told once for each file and point, in batches', () => {
    const bad = new BadCopies(manifest);
    bad.note(a, source('near'), 'truncated');
    bad.note(a, source('near', '2'), 'wrong-bytes');
    bad.note(a, source('far'), 'missing');
    expect(bad.take(1)).toEqual([{ manifest, digest: a, point: 'near', problem: 'truncated' }]);
    expect(bad.take(9)).toEqual([{ manifest, digest: a, point: 'far', problem: 'missing' }]);
    expect(bad.take(9)).toEqual([]);
  });

  it('are known by their address, and not told, where the site names no points', () => {
    const bad = new BadCopies(manifest);
    const [first, second] = [1, 2].map((n) => ({ url: `http://dp${n}/x?signature=1`, point: undefined }));
    bad.note(a, first!, 'missing');
    expect(bad.order(a, [{ url: 'http://dp1/x?signature=2', point: undefined }, second!])[0]).toBe(second);
    expect(bad.take(9)).toEqual([]);
  });

  it('never lose a source and keep the order of the good ones and of the bad ones', () => {
    const points = fc.uniqueArray(fc.constantFrom('p1', 'p2', 'p3', 'p4', 'p5'));
    fc.assert(
      fc.property(points, points, (all, wrong) => {
        const bad = new BadCopies(manifest);
        for (const point of wrong) bad.note(a, source(point), 'missing');
        const ordered = bad
          .order(
            a,
            all.map((point) => source(point)),
          )
          .map(({ point }) => point);
        expect(ordered).toEqual([...all.filter((p) => !wrong.includes(p)), ...all.filter((p) => wrong.includes(p))]);
      }),
    );
  });
});

describe('sources of a file', () => {
  it('have the point of the same place in the list', () => {
    const answer = {
      manifest: { files: [] },
      locations: [{ digest: a, urls: ['http://x/1', 'http://y/1'], points: ['x', 'y'] }],
      expiresAt: '',
    };
    expect(sourcesOf(answer).get(a)).toEqual([
      { url: 'http://x/1', point: 'x' },
      { url: 'http://y/1', point: 'y' },
    ]);
  });
});
