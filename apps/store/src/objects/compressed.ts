import { Readable } from 'node:stream';
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';

/** The fastest level: what is on its way to another site shall not wait for us. */
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const SAMPLE_BYTES = 64 * 1024;
/** Below this share of its bytes a sample is worth the work. */
const WORTHWHILE = 0.8;

/** Whether a client says by `accept-encoding` that it takes zstd. Pure. */
export function takesZstd(header: string | undefined): boolean {
  return (header ?? '').split(',').some((one) => /^zstd(?:\s*;\s*q=(?:1|0?\.0*[1-9]\d*).*)?$/i.test(one.trim()));
}

/** The bytes, compressed where their beginning shrinks: archives and most images do not. */
export async function compressedIfWorthwhile(
  bytes: AsyncIterator<Buffer>,
): Promise<{ readonly compressed: boolean; readonly bytes: AsyncIterable<Buffer> }> {
  const first = await bytes.next();
  const all = Readable.from(again(first, bytes), { objectMode: false });
  const sample = first.done ? Buffer.alloc(0) : first.value.subarray(0, SAMPLE_BYTES);
  if (zstdCompressSync(sample, FAST).length > sample.length * WORTHWHILE) return { compressed: false, bytes: all };
  const encoder = createZstdCompress(FAST);
  all.once('error', (error) => encoder.destroy(error));
  encoder.once('close', () => all.destroy());
  return { compressed: true, bytes: all.pipe(encoder) };
}

async function* again(first: IteratorResult<Buffer>, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let next = first; !next.done; next = await rest.next()) yield next.value;
}
