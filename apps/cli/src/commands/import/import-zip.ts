import { crc32, inflateRawSync } from 'node:zlib';
import { IMPORT_LIMITS } from '@muster/interchange/limits.js';
import { ImportRefusal } from '@muster/interchange/refusal.js';

/*
 * A reader for the archives that ConfigMgr's console and people with an MDT share make. They come from strangers: everything is
 * bounded before it is unpacked, and nothing is ever written to a disk.
 */

/** What an archive may have at most. Real exports have some ten members of some ten kilobytes. */
export const ZIP_LIMITS = {
  entries: 10_000,
  /** Of one member, unpacked. */
  memberBytes: IMPORT_LIMITS.xmlLength,
  /** Of all members that are unpacked. */
  totalBytes: 128 * 1024 * 1024,
  /** Unpacked to packed, for members of more than a megabyte. Text packs 20 to 1 at most. */
  ratio: 200,
} as const;

/** One member of an archive. */
export interface ZipEntry {
  /** With `/` between folders. */
  readonly path: string;
  readonly size: number;
  /** Its bytes. Throws ImportRefusal. */
  read(): Uint8Array;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;

/** Does a file begin as a zip does? */
export function looksLikeZip(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5) && (bytes[3] === 4 || bytes[3] === 6)
  );
}

/**
 * The files in an archive, folders left out; nothing is unpacked before `read`.
 *
 * @throws ImportRefusal `import.zip-corrupt`, `import.zip-unsupported`, `import.zip-unsafe-name`, `import.zip-bomb`
 */
export function readZip(bytes: Buffer): ZipEntry[] {
  const end = findEnd(bytes);
  const count = bytes.readUInt16LE(end + 10);
  const size = bytes.readUInt32LE(end + 12);
  const start = bytes.readUInt32LE(end + 16);
  if (bytes.readUInt16LE(end + 4) !== 0 || bytes.readUInt16LE(end + 8) !== count)
    throw unsupported('it is one part of an archive in several files');
  if (count === 0xffff || size === 0xffffffff || start === 0xffffffff) throw unsupported('it is a zip64 archive');
  if (count > ZIP_LIMITS.entries) throw bomb(`it has ${count} members; ${ZIP_LIMITS.entries} are read`);
  if (start + size > end) throw corrupt('its directory lies outside of the file');
  const headers = readDirectory(bytes, start, start + size, count);
  refuseOverlaps(headers, start);
  let unpacked = 0;
  return headers
    .filter(({ path }) => !path.endsWith('/'))
    .map((header) => ({
      path: header.path,
      size: header.size,
      read() {
        unpacked += header.size;
        if (unpacked > ZIP_LIMITS.totalBytes)
          throw bomb(`its members have more than ${ZIP_LIMITS.totalBytes / 1024 / 1024} MB together`);
        return readMember(bytes, header);
      },
    }));
}

interface Header {
  readonly path: string;
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

function findEnd(bytes: Buffer): number {
  const least = Math.max(0, bytes.length - 22 - 0xffff);
  for (let at = bytes.length - 22; at >= least; at--)
    if (bytes.readUInt32LE(at) === endSignature && at + 22 + bytes.readUInt16LE(at + 20) <= bytes.length) return at;
  throw corrupt('the end of the archive is missing: it was cut off, or is no zip');
}

function readDirectory(bytes: Buffer, start: number, end: number, count: number): Header[] {
  const headers: Header[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    if (at + 46 > end || bytes.readUInt32LE(at) !== entrySignature) throw corrupt('its directory is damaged');
    const nameLength = bytes.readUInt16LE(at + 28);
    const next = at + 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (next > end) throw corrupt('its directory is damaged');
    const path = safePath(bytes.subarray(at + 46, at + 46 + nameLength));
    const flags = bytes.readUInt16LE(at + 8);
    // Made on Unix: the upper half of the attributes is the mode, and a link has this type.
    const unixType = bytes[at + 5] === 3 ? bytes.readUInt32LE(at + 38) >>> 28 : 0;
    if (unixType === 0xa) throw new ImportRefusal('import.zip-unsafe-name', `the member "${path}" is a link`);
    if ((flags & 1) !== 0) throw unsupported(`the member "${path}" is encrypted`);
    const header = {
      path,
      method: bytes.readUInt16LE(at + 10),
      checksum: bytes.readUInt32LE(at + 16),
      packed: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
      offset: bytes.readUInt32LE(at + 42),
    };
    if (header.packed === 0xffffffff || header.size === 0xffffffff) throw unsupported('it is a zip64 archive');
    headers.push(header);
    at = next;
  }
  return headers;
}

/** Names are only shown, never used as paths; one that climbs out of its archive shows an archive made to do harm. */
function safePath(bytes: Buffer): string {
  const path = bytes.toString('utf8').replaceAll('\\', '/');
  // oxlint-disable-next-line no-control-regex
  const unsafe = path === '' || /^\/|^[A-Za-z]:|[\u0000-\u001f\u007f]/.test(path) || path.split('/').includes('..');
  if (!unsafe) return path;
  const shown = JSON.stringify(path.slice(0, 100));
  throw new ImportRefusal('import.zip-unsafe-name', `a member is called ${shown}, which leads out of the archive`);
}

/** Members that share bytes make a small archive huge. */
function refuseOverlaps(headers: readonly Header[], directory: number): void {
  let last = 0;
  for (const { path, offset, packed } of headers.toSorted((a, b) => a.offset - b.offset)) {
    if (offset < last) throw bomb(`the member "${path}" shares bytes with another one`);
    if (offset + 30 + packed > directory) throw corrupt(`the member "${path}" lies outside of the file`);
    last = offset + 30 + packed;
  }
}

function readMember(bytes: Buffer, { path, method, checksum, packed, size, offset }: Header): Uint8Array {
  if (size > ZIP_LIMITS.memberBytes)
    throw bomb(`the member "${path}" has ${size} bytes; ${ZIP_LIMITS.memberBytes} are read`);
  if (size > 1024 * 1024 && size > packed * ZIP_LIMITS.ratio)
    throw bomb(`the member "${path}" would grow from ${packed} to ${size} bytes`);
  if (bytes.readUInt32LE(offset) !== localSignature)
    throw corrupt(`the member "${path}" is not where the directory says`);
  const start = offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
  if (start + packed > bytes.length) throw corrupt(`the member "${path}" is cut off`);
  const content = unpack(bytes.subarray(start, start + packed), method, size, path);
  if (content.length !== size || crc32(content) !== checksum) throw corrupt(`the member "${path}" is damaged`);
  return content;
}

function unpack(packed: Buffer, method: number, size: number, path: string): Uint8Array {
  if (method === 0) return packed;
  if (method !== 8) throw unsupported(`the member "${path}" is packed by method ${method}; only 0 and 8 are read`);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch {
    throw corrupt(`the member "${path}" is damaged, or longer than the directory says`);
  }
}

function corrupt(message: string): ImportRefusal {
  return new ImportRefusal('import.zip-corrupt', message);
}

function unsupported(message: string): ImportRefusal {
  return new ImportRefusal('import.zip-unsupported', message);
}

function bomb(message: string): ImportRefusal {
  return new ImportRefusal('import.zip-bomb', message);
}
