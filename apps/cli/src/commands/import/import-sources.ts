import { closeSync, type Dirent, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceFile, SourceMember } from '@muster/interchange/import-files.js';
import { IMPORT_LIMITS } from '@muster/interchange/limits.js';
import { ImportRefusal } from '@muster/interchange/refusal.js';
import { reasonOf } from '../../errors/cli-error.js';
import { looksLikeZip, readZip } from './import-zip.js';

/** Bytes of one file. An archive may bring content along, which is not unpacked. */
const largestArchive = 256 * 1024 * 1024;
/** Bytes of all files of one import: they are kept until all are read, for they name each other's ids. */
const allBytes = 512 * 1024 * 1024;
const mostFiles = 10_000;

/** A file to read, and whether a user named it or a folder held it. */
export interface NamedSource extends SourceFile {
  readonly named: boolean;
}

/**
 * Opens files, and of folders (also deeper) the *.xml, *.zip and *.ini. What cannot be read is a result too. Links are not followed.
 */
export function* openSources(paths: readonly string[]): Generator<NamedSource> {
  let left = allBytes;
  for (const path of paths) {
    let files: string[] | undefined;
    try {
      if (statSync(path).isDirectory()) files = filesBelow(path);
    } catch (error) {
      yield {
        label: path,
        archive: false,
        named: true,
        members: new ImportRefusal('import.not-readable', reasonOf(error)),
      };
      continue;
    }
    for (const file of files ?? [path]) {
      const source = openFile(file, left);
      left -= bytesOf(source);
      yield { ...source, named: files === undefined };
    }
  }
}

function filesBelow(folder: string): string[] {
  const found: string[] = [];
  const open = [folder];
  for (let next = open.shift(); next !== undefined && found.length < mostFiles; next = open.shift()) {
    for (const entry of entriesOf(next)) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) open.push(path);
      else if (entry.isFile() && /\.(xml|zip|ini)$/i.test(entry.name)) found.push(path);
    }
  }
  return found.sort();
}

function entriesOf(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true });
}

function bytesOf({ members }: SourceFile): number {
  if (members instanceof ImportRefusal) return 0;
  return members.reduce((sum, { bytes }) => sum + (bytes instanceof ImportRefusal ? 0 : bytes.length), 0);
}

function openFile(path: string, left: number): SourceFile {
  try {
    const { size } = statSync(path);
    const archive = looksLikeZip(beginningOf(path));
    const most = archive ? largestArchive : IMPORT_LIMITS.xmlLength;
    if (size > most) throw tooLarge(`the file has ${size} bytes; ${most} are read`);
    if (size > left) throw tooLarge(`the files before it have used up the ${allBytes} bytes of one import`);
    if (!archive && /\.zip$/i.test(path))
      throw new ImportRefusal('import.zip-corrupt', 'it does not begin as a zip does');
    const bytes = readFileSync(path);
    return { label: path, archive, members: archive ? membersOf(bytes) : [{ path, bytes }] };
  } catch (error) {
    const refusal = error instanceof ImportRefusal ? error : new ImportRefusal('import.not-readable', reasonOf(error));
    return { label: path, archive: false, members: refusal };
  }
}

function beginningOf(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(4);
    return bytes.subarray(0, readSync(file, bytes, 0, 4, 0));
  } finally {
    closeSync(file);
  }
}

function tooLarge(message: string): ImportRefusal {
  return new ImportRefusal('import.too-large', message);
}

/** XML and rules files of an archive. An archive inside an archive is refused; other members are content. */
function membersOf(bytes: Buffer): SourceMember[] {
  return readZip(bytes).flatMap((entry): SourceMember[] => {
    const { path } = entry;
    if (/\.zip$/i.test(path)) {
      const message = `"${path}" is an archive inside the archive; unpack it and import it by itself`;
      return [{ path, bytes: new ImportRefusal('import.nested-zip', message) }];
    }
    if (!/\.(xml|ini)$/i.test(path) || /(^|\/)(\[Content_Types\]\.xml|PACKAGE_CONTENT\.xml)$/i.test(path)) return [];
    try {
      return [{ path, bytes: entry.read() }];
    } catch (error) {
      if (error instanceof ImportRefusal) return [{ path, bytes: error }];
      throw error;
    }
  });
}
