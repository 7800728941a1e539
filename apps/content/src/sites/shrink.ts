import { promisify } from 'node:util';
import { zstdCompress, zstdCompressSync } from 'node:zlib';

/** What is said of bytes that were shrunk. */
export const SHRUNK_ENCODING = 'zstd';
/** So much of a blob tells whether the rest is worth reading. */
export const SAMPLE_BYTES = 64 * 1024;
/** Above this share of its bytes a blob goes as it is: archives and most images do not shrink. */
const WORTHWHILE = 0.8;

const compress = promisify(zstdCompress);

/** Whether bytes that begin with a sample are likely to shrink. */
export function mayShrink(sample: Uint8Array): boolean {
  return sample.length > 0 && zstdCompressSync(sample).length <= sample.length * WORTHWHILE;
}

/** The bytes, compressed off the main thread; undefined where that is not worth it. */
export async function shrink(bytes: Uint8Array): Promise<Buffer | undefined> {
  const shrunk = await compress(bytes);
  return shrunk.length <= bytes.length * WORTHWHILE ? shrunk : undefined;
}
