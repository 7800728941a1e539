import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import type { JournalEntry } from '@muster/sequence/run.js';
import { JournalError, reasonOf, systemCode } from './journal-error.js';
import { makeFolder } from './make-folder.js';
import { FolderLock } from './folder-lock.js';
import { syncFolder, syncNames } from './sync-names.js';

const fileName = 'journal.jsonl';
const format = 'muster-journal';
const version = 1;
const headerLine = JSON.stringify({ format, version });
/** Room that is made at once, in bytes: about two hundred steps. */
const reservedBytes = 65_536;

/** What was found in a folder: the entries that are whole, and how many bytes of a torn last line were cut off. */
export interface OpenedJournal {
  readonly journal: Journal;
  readonly entries: readonly JournalEntry[];
  readonly tornBytes: number;
}

/**
 * The events of one run, one file, append only. First line `{"format":"muster-journal","version":1}`, then one line per
 * write: `{"crc":"xxxxxxxx","entries":[…]}`, the CRC-32 being that of the text of the list. What is appended together is
 * in one line and so survives together or not at all. Zeros may follow while it is written: room made ahead, so that a line
 * changes neither the size of the file nor where its blocks are, and the disk has nothing but the line to sync.
 *
 * Writes are synchronous on purpose: the next act must not begin before the disk has the line, and the blocking call is
 * several times faster than a trip through the thread pool. May hold secrets: the file is for its owner only.
 */
export class Journal {
  /** Where the room that was made ends, in bytes of the file. */
  private reserved = 0;

  private constructor(
    private readonly file: number,
    private readonly path: string,
    private readonly lock: FolderLock,
    /** Of the whole lines, in bytes. */
    private length: number,
  ) {}

  /**
   * Opens or creates the journal of a run folder and takes the folder's lock.
   * @throws JournalError `journal.version`, `journal.corrupt`, `journal.not-readable`, `journal.not-writable`, `journal.in-use`.
   */
  static open(folder: string): OpenedJournal {
    try {
      makeFolder(folder);
    } catch (error) {
      throw notWritable(folder, error);
    }
    const lock = FolderLock.take(folder);
    let file: number | undefined;
    try {
      const path = join(folder, fileName);
      const content = readJournal(path);
      const { entries, length } = parse(content, path);
      try {
        if (length === 0) createJournal(path);
        file = openSync(path, 'r+');
        if (length > 0 && length < content.length) ftruncateSync(file, length);
        // What an earlier process wrote and did not live to sync: from here on it is acted on.
        fdatasyncSync(file);
        syncFolder(folder);
      } catch (error) {
        throw notWritable(folder, error);
      }
      return {
        journal: new Journal(file, path, lock, fstatSync(file).size),
        entries,
        tornBytes: writtenLength(content) - length,
      };
    } catch (error) {
      if (file !== undefined) closeSync(file);
      lock.release();
      throw error;
    }
  }

  /**
   * Reads a journal without changing or locking it. An absent one has no entries.
   * @throws JournalError as `open`.
   */
  static read(folder: string): readonly JournalEntry[] {
    const path = join(folder, fileName);
    return parse(readJournal(path), path).entries;
  }

  /** Moves the journal of a finished run aside (`journal.<label>.jsonl`), so that the folder can take a new run. */
  static archive(folder: string, label: string): void {
    try {
      renameSync(join(folder, fileName), join(folder, `journal.${label.replaceAll(/[^A-Za-z0-9_-]/g, '_')}.jsonl`));
      syncFolder(folder);
    } catch (error) {
      throw notWritable(folder, error);
    }
  }

  /**
   * Appends entries as one line and returns when the disk has them. All or none survive a crash.
   * @throws JournalError `journal.not-writable`, e.g. when the disk is full: then nothing was appended. `journal.removed`: the
   * file is no longer in its place, so nobody would find what it says; the run must not go on.
   */
  append(entries: readonly JournalEntry[]): void {
    if (entries.length === 0) return;
    const text = JSON.stringify(entries);
    const line = Buffer.from(`${prefix}${checksum(text)}${middle}${text}}\n`, 'utf8');
    try {
      this.makeRoom(line.length);
      writeAll(this.file, line, this.length);
      fdatasyncSync(this.file);
      this.length += line.length;
    } catch (error) {
      this.takeBack();
      throw notWritable(this.path, error);
    }
    if (!this.isInPlace()) {
      throw new JournalError(
        'journal.removed',
        `${this.path} was removed or replaced while the run went on: the run cannot be continued`,
      );
    }
  }

  /** On a disk that has not so much room, lines are written as long as they fit. */
  private makeRoom(bytes: number): void {
    if (this.length + bytes <= this.reserved) return;
    try {
      writeAll(this.file, Buffer.alloc(bytes + reservedBytes), this.length);
      this.reserved = this.length + bytes + reservedBytes;
    } catch {
      this.takeBack();
    }
  }

  /** A line that was written and could not be synced looks durable to the next reader and is not. */
  private takeBack(): void {
    this.reserved = 0;
    try {
      ftruncateSync(this.file, this.length);
    } catch {
      // Who opens it next cuts a torn line off.
    }
  }

  private isInPlace(): boolean {
    try {
      const mine = fstatSync(this.file);
      const there = statSync(this.path, { throwIfNoEntry: false });
      return there !== undefined && there.ino === mine.ino && there.dev === mine.dev;
    } catch (error) {
      throw notWritable(this.path, error);
    }
  }

  close(): void {
    if (this.reserved > this.length) this.takeBack();
    closeSync(this.file);
    this.lock.release();
  }
}

const prefix = '{"crc":"';
const middle = '","entries":';
const textStart = prefix.length + 8 + middle.length;

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function readJournal(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw new JournalError('journal.not-readable', `cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Makes a journal without entries that is there as a whole or not at all. When its name is there, the names of the folders
 * around it are durable: they are synced before.
 */
function createJournal(path: string): void {
  const unfinished = `${path}.new`;
  const file = openSync(unfinished, 'w', 0o600);
  try {
    writeAll(file, Buffer.from(`${headerLine}\n`, 'utf8'), 0);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
  syncNames(dirname(resolve(path)));
  renameSync(unfinished, path);
}

/** Without the room behind the last line. */
function writtenLength(content: Buffer): number {
  let length = content.length;
  while (length > 0 && content[length - 1] === 0) length--;
  return length;
}

/** The whole entries and the length of the file up to their end. Damage is forgiven in the last line only. */
function parse(content: Buffer, path: string): { entries: JournalEntry[]; length: number } {
  const entries: JournalEntry[] = [];
  let length = 0;
  let torn = false;
  for (let start = 0; start < content.length;) {
    const newline = content.indexOf(10, start);
    const end = newline < 0 ? content.length : newline;
    const line = content.toString('utf8', start, end);
    if (start === 0) {
      if (newline < 0 && headerLine.startsWith(line)) return { entries, length: 0 };
      checkHeader(line, path);
      if (newline < 0) return { entries, length: 0 };
    } else {
      const found = newline < 0 ? undefined : parseLine(line);
      if (torn && found) {
        throw new JournalError(
          'journal.corrupt',
          `${path} is damaged at byte ${length} and goes on behind it: restore it or remove the folder`,
        );
      }
      if (found) entries.push(...found);
      else torn = true;
    }
    start = end + 1;
    if (!torn) length = start;
  }
  return { entries, length };
}

function parseLine(line: string): JournalEntry[] | undefined {
  if (!line.startsWith(prefix) || !line.endsWith('}') || line.slice(prefix.length + 8, textStart) !== middle)
    return undefined;
  const text = line.slice(textStart, -1);
  if (checksum(text) !== line.slice(prefix.length, prefix.length + 8)) return undefined;
  return JSON.parse(text) as JournalEntry[];
}

function checkHeader(line: string, path: string): void {
  const header = parseHeader(line);
  if (header?.['format'] !== format) {
    throw new JournalError(
      'journal.corrupt',
      `${path} is no journal of Muster: choose another folder, or remove the file`,
    );
  }
  if (header['version'] !== version) {
    throw new JournalError(
      'journal.version',
      `${path} has format version ${String(header['version'])}; this agent reads version ${version}: use the agent that wrote it, or another folder`,
    );
  }
}

function parseHeader(line: string): Record<string, unknown> | undefined {
  try {
    const header: unknown = JSON.parse(line);
    return typeof header === 'object' && header !== null ? { ...header } : undefined;
  } catch {
    return undefined;
  }
}

function writeAll(file: number, bytes: Buffer, position: number): void {
  for (let offset = 0; offset < bytes.length;)
    offset += writeSync(file, bytes, offset, bytes.length - offset, position + offset);
}

function notWritable(where: string, error: unknown): JournalError {
  return new JournalError(
    'journal.not-writable',
    `cannot write in ${where}: ${reasonOf(error)}; a folder of this user is needed`,
    { cause: error },
  );
}
