import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { chunkEnd, isHole, LEAST_CHUNK_BYTES, MOST_CHUNK_BYTES, USUAL_CHUNK_BYTES } from './cut-chunks.js';

/** Bytes that look random, the same for the same seed. */
function noise(seed: number, bytes: number): Buffer {
  const blocks: Buffer[] = [];
  for (let made = 0; made < bytes; made += 64) blocks.push(createHash('sha512').update(`${seed}/${made}`).digest());
  return Buffer.concat(blocks).subarray(0, bytes);
}

function chunksOf(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = chunkEnd(bytes, start, bytes.length);
    chunks.push(bytes.subarray(start, end));
    start = end;
  }
  return chunks;
}

const ids = (bytes: Buffer): string[] =>
  chunksOf(bytes).map((chunk) => createHash('sha256').update(chunk).digest('hex'));

describe('the chunks of some bytes', () => {
  it('are all of the bytes, within their bounds, and the same every time', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 0, max: 3_000_000 }), (seed, length) => {
        const bytes = noise(seed, length);
        const chunks = chunksOf(bytes);
        expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
        for (const [index, { length: size }] of chunks.entries()) {
          expect(size).toBeLessThanOrEqual(MOST_CHUNK_BYTES);
          if (index < chunks.length - 1) expect(size).toBeGreaterThanOrEqual(LEAST_CHUNK_BYTES);
        }
        expect(chunksOf(Buffer.from(bytes)).map(({ length: size }) => size)).toEqual(chunks.map((one) => one.length));
      }),
      { numRuns: 20 },
    );
  });

  it('have the usual size where nothing repeats, and the largest where everything does', () => {
    const usual = 16_000_000 / chunksOf(noise(1, 16_000_000)).length;
    expect(usual).toBeGreaterThan(USUAL_CHUNK_BYTES * 0.8);
    expect(usual).toBeLessThan(USUAL_CHUNK_BYTES * 1.4);
    expect(chunksOf(Buffer.alloc(3 * MOST_CHUNK_BYTES)).map(({ length }) => length)).toEqual(
      Array.from({ length: 3 }, () => MOST_CHUNK_BYTES),
    );
  });

  it('are the longest ones of zeros, and of nearly zeros those that their bytes decide', () => {
    const hole = Buffer.alloc(MOST_CHUNK_BYTES);
    expect(isHole(hole, 0, hole.length)).toBe(true);
    expect(isHole(hole, 1, hole.length)).toBe(false);
    for (const at of [0, 1, 500_000, MOST_CHUNK_BYTES - 1]) {
      const other = Buffer.from(hole);
      other[at] = 1;
      expect(isHole(other, 0, other.length)).toBe(false);
    }
    // Behind a byte that is none, as it was before anybody knew of holes: the window sees nothing but zeros again.
    const behind = Buffer.concat([Buffer.from('x'), hole, hole]);
    expect(chunkEnd(behind, 0, behind.length)).toBe(MOST_CHUNK_BYTES);
  });

  it('are the same again a few chunks behind whatever was inserted, removed or changed', () => {
    const before = noise(7, 4_000_000);
    const known = new Set(ids(before));
    fc.assert(
      fc.property(fc.nat(3_900_000), fc.nat(5_000), fc.uint8Array({ maxLength: 5_000 }), (at, removed, inserted) => {
        const after = Buffer.concat([before.subarray(0, at), inserted, before.subarray(at + removed)]);
        const fresh = chunksOf(after).filter((chunk) => !known.has(createHash('sha256').update(chunk).digest('hex')));
        expect(fresh.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(1_500_000);
        expect(fresh.length).toBeLessThanOrEqual(12);
      }),
      { numRuns: 60 },
    );
  });

  it('end where they have ended since the first version: another table would find nothing of old versions', () => {
    expect(chunksOf(noise(3, 400_000)).map(({ length }) => length)).toMatchInlineSnapshot(`
     [
       43259,
       70851,
       12628,
       41976,
       30418,
       62182,
       39861,
       57862,
       33441,
       7522,
     ]
    `);
  });
});
