import { createHash } from 'node:crypto';
import { packBeginning, packHeader } from '@muster/contracts/agent/pack.js';
import { MOST_CHUNK_BYTES } from './cut-chunks.js';
import { cutPack } from './cut-pack.js';

interface Entry {
  readonly path: string;
  readonly content: Buffer;
}

/** Bytes that look random and are the same each time. */
function noise(seed: string, size: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, index) =>
    createHash('sha256').update(`${seed} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
}

function tree(count: number, sizeOf: (index: number) => number): Entry[] {
  return Array.from({ length: count }, (_, index) => {
    const path = `folder/${String(index).padStart(6, '0')}`;
    return { path, content: noise(path, sizeOf(index)) };
  });
}

function packOf(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(({ path, content }) => [
    packHeader({ path, size: content.length, executable: false }),
    content,
  ]);
  return Buffer.concat([packBeginning(), ...parts]);
}

/** Cuts as it is done with a file: through a buffer that moves along. */
function chunksOf(pack: Buffer): Buffer[] {
  const cut = cutPack();
  const buffer = Buffer.alloc(3 * MOST_CHUNK_BYTES, 0xee);
  const chunks: Buffer[] = [];
  for (let at = 0; at < pack.length;) {
    const filled = pack.copy(buffer, 0, at);
    const isEnded = at + filled === pack.length;
    let start = 0;
    while (start <= (isEnded ? filled - 1 : filled - MOST_CHUNK_BYTES)) {
      const end = cut(buffer, start, filled);
      chunks.push(Buffer.from(buffer.subarray(start, end)));
      start = end;
    }
    at += start;
  }
  return chunks;
}

/** Bytes of chunks that the other pack does not have. */
function moved(before: Buffer, after: Buffer): number {
  const known = new Set(chunksOf(before).map((chunk) => chunk.toString('latin1')));
  return chunksOf(after).reduce((sum, chunk) => sum + (known.has(chunk.toString('latin1')) ? 0 : chunk.length), 0);
}

const mixed = (index: number): number => [0, 40, 300, 1500, 9000, 70_000][index % 6]!;

describe('a pack in chunks', () => {
  it('is all of its bytes, whatever the sizes of its files, also of some that are larger than any chunk', () => {
    for (const sizeOf of [() => 0, () => 200, mixed, (index: number) => (index === 1 ? 3_500_000 : 100)]) {
      const pack = packOf(tree(300, sizeOf));
      expect(Buffer.concat(chunksOf(pack)).equals(pack)).toBe(true);
    }
  });

  it('of tiny files has few of them in a chunk, and not a chunk for each', () => {
    const pack = packOf(tree(8000, () => 200));
    const usual = pack.length / chunksOf(pack).length;
    expect(usual).toBeGreaterThan(350);
    expect(usual).toBeLessThan(700);
  });

  it.each([
    ['of tiny files, the chunks of which have some others', 5000, () => 200, 5],
    ['of small files', 2000, () => 2000, 1.1],
    ['of files of many sizes', 1000, mixed, 1.5],
  ])('%s moves about what changed: 1 in 100 files here and there', (_what, count, sizeOf, factor) => {
    const before = tree(count, sizeOf);
    const after = before.map((entry, index) =>
      index % 101 === 50 ? { ...entry, content: noise(`new ${index}`, entry.content.length) } : entry,
    );
    const changed = after.filter((entry, index) => entry !== before[index]);
    expect(moved(packOf(before), packOf(after))).toBeLessThan(factor * packOf(changed).length);
  });

  it('moves near nothing else for a file that comes, goes or grows', () => {
    const before = tree(2500, mixed);
    const grown = before.map((entry, index) =>
      index === 1500 ? { ...entry, content: Buffer.concat([entry.content, Buffer.from('x')]) } : entry,
    );
    const other = { path: 'a first one', content: noise('x', 500) };
    for (const after of [before.toSpliced(1000, 3), [other, ...before], grown])
      expect(moved(packOf(before), packOf(after))).toBeLessThan(30_000);
  });
});
