import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipMember {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** 1980-01-01, the first day that a zip knows: the same members give the same bytes whenever they are written. */
const FIRST_DAY = 0x21;
const UTF8_NAMES = 0x800;
const STORED = 0;
const DEFLATED = 8;
/** What packs better than this is stored as it is: to a reader it would look like a bomb. */
const BEST_RATIO = 100;

/** The bytes of a zip with these members in the order of their paths. */
export function writeZip(members: readonly ZipMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, bytes } of members.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const deflated = deflateRawSync(bytes, { level: 9 });
    const method = bytes.length > deflated.length * BEST_RATIO ? STORED : DEFLATED;
    const packed = method === STORED ? Buffer.from(bytes) : deflated;
    const name = Buffer.from(path);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(UTF8_NAMES, 2);
    facts.writeUInt16LE(method, 4);
    facts.writeUInt16LE(FIRST_DAY, 8);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from([0x50, 0x4b, 3, 4]), facts, name, packed);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), facts, rest, name);
    offset += 30 + name.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listed, end]);
}
