import { crc32, deflateRawSync } from 'node:zlib';

/** A member of an archive to be made; what is given beside the content overrides what is true. */
export interface MadeMember {
  readonly name: string;
  readonly content: Uint8Array | string;
  readonly deflated?: boolean;
  readonly flags?: number;
  readonly method?: number;
  readonly size?: number;
  readonly crc?: number;
  readonly offset?: number;
  /** Mode of a Unix file in the upper half of the attributes. */
  readonly unixMode?: number;
}

/** The bytes of a zip archive, right or wrong as the test wants it. */
export function makeZip(members: readonly MadeMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const content = Buffer.from(member.content);
    const packed = member.deflated ? deflateRawSync(content) : content;
    const name = Buffer.from(member.name);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(member.flags ?? 0, 2);
    facts.writeUInt16LE(member.method ?? (member.deflated ? 8 : 0), 4);
    facts.writeUInt32LE(member.crc ?? crc32(content), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(member.size ?? content.length, 18);
    facts.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from([0x50, 0x4b, 3, 4]), facts, name, packed);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((member.unixMode ?? 0) << 16) >>> 0, 6);
    rest.writeUInt32LE(member.offset ?? offset, 10);
    directory.push(Buffer.from([0x50, 0x4b, 1, 2, 20, member.unixMode === undefined ? 0 : 3]), facts, rest, name);
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
