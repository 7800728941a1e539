/** The place of a pack among the files of a version. Its files are laid out in the version's folder; it is not. */
export const PACK_PATH = 'muster-pack';
/** A file of a pack has at most this many bytes: whoever reads one holds it in memory. */
export const MOST_PACKED_BYTES = 4 * 1024 * 1024;
export const MOST_PACKED_FILES = 10_000_000;

/** Begins every pack, and says which kind it is. */
const MAGIC = Buffer.from('muster\0\x02', 'latin1');
/** Size (32 bits), bytes of the path (16 bits), both little endian; flags (8 bits: 1 is executable). */
const FIXED_BYTES = 7;
const EXECUTABLE = 1;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A file in a pack. */
export interface PackedFile {
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
}

/** What is read is no pack. */
export class PackError extends Error {
  override readonly name = 'PackError';
}

/** The bytes before the first file. */
export function packBeginning(): Buffer {
  return Buffer.from(MAGIC);
}

/** How many bytes stand before those of a file. */
export function packHeaderBytes(path: string): number {
  return FIXED_BYTES + Buffer.byteLength(path);
}

/** The bytes before those of a file. One behind the other, in the order of {@link packOrder}, they are the pack: equal folders have equal packs. */
export function packHeader({ path, size, executable }: PackedFile): Buffer {
  const header = Buffer.alloc(packHeaderBytes(path));
  header.writeUInt32LE(size, 0);
  header.writeUInt16LE(header.length - FIXED_BYTES, 4);
  header[6] = executable ? EXECUTABLE : 0;
  header.write(path, FIXED_BYTES);
  return header;
}

/** An entry that begins at `at`: bytes of its header, and of the whole. Undefined when its fixed part is not at hand. */
export function packEntryAt(bytes: Buffer, at: number): { header: number; bytes: number } | undefined {
  if (at + FIXED_BYTES > bytes.length) return undefined;
  const header = FIXED_BYTES + bytes.readUInt16LE(at + 4);
  return { header, bytes: header + bytes.readUInt32LE(at) };
}

/**
 * The files of a pack as it is read, each with its bytes, which are the caller's until it asks for the next file. At most one file is held. Nothing is
 * said of paths: see {@link PackedPaths}.
 *
 * @throws PackError when the bytes are no pack, and whatever the source throws
 */
export async function* readPack(source: AsyncIterable<Uint8Array>): AsyncGenerator<PackedFile & { content: Buffer }> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let begun = false;
  let needed = MAGIC.length;
  for await (const piece of source) {
    if (heldBytes + piece.length < needed) {
      held.push(Buffer.from(piece));
      heldBytes += piece.length;
      continue;
    }
    const bytes = held.length > 0 ? Buffer.concat([...held, piece]) : asBuffer(piece);
    let at = 0;
    if (!begun) {
      if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new PackError('it does not begin as a pack');
      begun = true;
      at = MAGIC.length;
    }
    for (;;) {
      const entry = packEntryAt(bytes, at);
      needed = entry?.bytes ?? FIXED_BYTES;
      if (needed > FIXED_BYTES + 65_535 + MOST_PACKED_BYTES)
        throw new PackError(`a file of it has more than ${MOST_PACKED_BYTES} bytes`);
      if (!entry || at + needed > bytes.length) break;
      yield fileAt(bytes, at, entry);
      at += needed;
    }
    // A copy: the source may use its memory again.
    held = at < bytes.length ? [Buffer.from(bytes.subarray(at))] : [];
    heldBytes = bytes.length - at;
  }
  if (!begun || heldBytes > 0) throw new PackError('it ends in the middle of a file');
}

function fileAt(bytes: Buffer, at: number, entry: { header: number; bytes: number }): PackedFile & { content: Buffer } {
  const content = bytes.subarray(at + entry.header, at + entry.bytes);
  const flags = bytes[at + 6]!;
  if (content.length > MOST_PACKED_BYTES) throw new PackError(`a file of it has more than ${MOST_PACKED_BYTES} bytes`);
  if (flags > EXECUTABLE) throw new PackError(`a file of it has flags ${flags}, which this version does not know`);
  const path = decodePath(bytes.subarray(at + FIXED_BYTES, at + entry.header));
  return { path, size: content.length, executable: flags === EXECUTABLE, content };
}

function decodePath(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new PackError('a path in it is not UTF-8', { cause });
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
