import { randomBytes } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { mayShrink, shrink } from './shrink.js';

describe('Bytes on their way to another site', () => {
  it('are shrunk where they repeat themselves, and left as they are where they do not', async () => {
    const text = Buffer.from('the same words again and again\n'.repeat(5_000));
    expect(mayShrink(text.subarray(0, 1_000))).toBe(true);
    expect((await shrink(text))!.length).toBeLessThan(text.length / 20);
    expect(mayShrink(randomBytes(1_000))).toBe(false);
    expect(await shrink(randomBytes(100_000))).toBeUndefined();
    expect(mayShrink(Buffer.alloc(0))).toBe(false);
  });

  it('come out as they went in, and never larger than four fifths', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 200 }), async (piece, times) => {
        const bytes = Buffer.concat(Array.from({ length: times }, () => piece));
        const shrunk = await shrink(bytes);
        if (shrunk === undefined) return;
        expect(shrunk.length).toBeLessThanOrEqual(bytes.length * 0.8);
        expect(zstdDecompressSync(shrunk).equals(bytes)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
