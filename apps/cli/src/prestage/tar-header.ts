/** A tar is a row of blocks: a header of one block, then the bytes of the entry filled up to whole blocks; two empty blocks end it. */
export const BLOCK_BYTES = 512;
/** What the size field of a plain header can say. */
export const MOST_ENTRY_BYTES = 0o77777777777;
const NAME_BYTES = 100;

/** A plain file in a tar. */
export interface TarEntry {
  readonly name: string;
  readonly size: number;
}

/** The header of a plain file (POSIX ustar): the same entry gives the same bytes. The name has at most 100 ASCII characters. */
export function writeTarHeader({ name, size }: TarEntry): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0, NAME_BYTES, 'latin1');
  header.write('0000644\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('00000000000\0', 136, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** `end`: an empty block. Undefined: no header of a plain file with a short name. */
export function readTarHeader(header: Buffer): TarEntry | 'end' | undefined {
  if (header.every((byte) => byte === 0)) return 'end';
  const text = (from: number, to: number): string => header.toString('latin1', from, to).replace(/[\0 ].*$/s, '');
  const [size, checksum] = [text(124, 136), text(148, 156)];
  if (!/^[0-7]{1,11}$/.test(size) || !/^[0-7]{1,7}$/.test(checksum)) return undefined;
  if (Number.parseInt(checksum, 8) !== checksumOf(header) || text(257, 263) !== 'ustar') return undefined;
  // Only plain files, and no prefix before the name.
  if (header[156] !== '0'.charCodeAt(0) || header[345] !== 0) return undefined;
  return { name: text(0, NAME_BYTES), size: Number.parseInt(size, 8) };
}

/** Bytes that an entry takes behind its header. */
export function paddedSize(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Of all bytes, the checksum's own counting as blanks. */
function checksumOf(header: Buffer): number {
  let sum = 8 * 32;
  for (let index = 0; index < BLOCK_BYTES; index += 1) if (index < 148 || index >= 156) sum += header[index]!;
  return sum;
}
