import { randomBytes } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { compressedIfWorthwhile, takesZstd } from './compressed.js';

async function* pieces(...all: Buffer[]): AsyncGenerator<Buffer> {
  yield* all;
}

async function whole(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const read: Buffer[] = [];
  for await (const piece of bytes) read.push(piece);
  return Buffer.concat(read);
}

describe('an answer that may be compressed', () => {
  it('is, where its beginning shrinks', async () => {
    const text = Buffer.from('the same words again and again\n'.repeat(20_000));
    const { compressed, bytes } = await compressedIfWorthwhile(
      pieces(text.subarray(0, 400_000), text.subarray(400_000)),
    );
    expect(compressed).toBe(true);
    const sent = await whole(bytes);
    expect(sent.length).toBeLessThan(text.length / 20);
    expect(zstdDecompressSync(sent).equals(text)).toBe(true);
  });

  it('goes as it is where it does not', async () => {
    const noise = randomBytes(300_000);
    const { compressed, bytes } = await compressedIfWorthwhile(
      pieces(noise.subarray(0, 100_000), noise.subarray(100_000)),
    );
    expect(compressed).toBe(false);
    expect((await whole(bytes)).equals(noise)).toBe(true);
  });

  it('breaks off where the bytes do', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(200_000);
      throw new Error('the disk is gone');
    }
    const { bytes } = await compressedIfWorthwhile(broken());
    await expect(whole(bytes)).rejects.toThrow('the disk is gone');
  });

  it('is for those who say that they take it', () => {
    expect(['zstd', 'gzip, zstd', 'br, ZSTD;q=0.5'].map(takesZstd)).toEqual([true, true, true]);
    expect([undefined, 'identity', 'gzip, deflate', 'zstd;q=0', 'zstdx'].map(takesZstd)).toEqual(
      Array<boolean>(5).fill(false),
    );
  });
});
