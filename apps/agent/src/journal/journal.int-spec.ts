import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalEntry } from '@muster/sequence/run.js';
import { Journal } from './journal.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-journal-'));
  file = join(folder, 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = (position: number): JournalEntry => ({ at: 't', event: { type: 'step-started', position, attempt: 1 } });
const write = (...batches: JournalEntry[][]): void => {
  const { journal } = Journal.open(folder);
  for (const batch of batches) journal.append(batch);
  journal.close();
};
const codeOf = (act: () => unknown): unknown => {
  try {
    act();
    return 'nothing thrown';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe('the journal', () => {
  it('gives back what was written, in order, and is for its owner only', () => {
    write([entry(1)], [entry(2), entry(3)]);
    write([entry(4)]);
    expect(Journal.read(folder)).toEqual([1, 2, 3, 4].map(entry));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('forgives a torn last line at every byte, and goes on behind the last whole one', () => {
    write([entry(1)], [entry(2)]);
    const whole = statSync(file).size;
    write([entry(3), entry(4)]);
    const content = readFileSync(file);
    for (let size = whole; size < content.length; size++) {
      writeFileSync(file, content);
      truncateSync(file, size);
      const { journal, entries, tornBytes } = Journal.open(folder);
      expect([entries.length, tornBytes]).toEqual([2, size - whole]);
      journal.append([entry(5)]);
      journal.close();
      expect(Journal.read(folder)).toEqual([1, 2, 5].map(entry));
    }
  });

  it('starts anew when the crash came while the first line was written', () => {
    writeFileSync(file, '{"format":"mus');
    write([entry(1)]);
    expect(Journal.read(folder)).toEqual([entry(1)]);
  });

  it('forgives a last line of zeros or with a flipped bit', () => {
    write([entry(1)]);
    const content = readFileSync(file, 'utf8');
    for (const tail of ['\0\0\0\0\0\n', '{"crc":"00000000","entries":[]}\n']) {
      writeFileSync(file, content + tail);
      expect(Journal.read(folder)).toEqual([entry(1)]);
    }
  });

  it('makes room ahead of its lines, which a crash leaves behind and nobody takes for a torn line', () => {
    const { journal } = Journal.open(folder);
    journal.append([entry(1)]);
    const { size } = statSync(file);
    journal.append([entry(2)]);
    expect(statSync(file).size).toBe(size);
    const left = readFileSync(file);
    expect(left.at(-1)).toBe(0);
    expect(Journal.read(folder)).toEqual([1, 2].map(entry));
    journal.close();
    expect(readFileSync(file).at(-1)).toBe(10);

    writeFileSync(file, left);
    const again = Journal.open(folder);
    expect([again.entries.length, again.tornBytes]).toEqual([2, 0]);
    again.journal.append([entry(3)]);
    again.journal.close();
    expect(Journal.read(folder)).toEqual([1, 2, 3].map(entry));
  });

  it('makes more room when a line is longer than what is left of it', () => {
    const long: JournalEntry = {
      at: 't'.repeat(100_000),
      event: { type: 'step-started', position: 1, attempt: 1 },
    };
    write([entry(1)], [long], [entry(2)], [long, long], [entry(3)]);
    expect(Journal.read(folder)).toEqual([entry(1), long, entry(2), long, long, entry(3)]);
  });

  it('refuses damage in the middle, other formats and other versions, and changes nothing', () => {
    write([entry(1)], [entry(2)]);
    const damaged = readFileSync(file, 'utf8').replace('"position":1', '"position":7');
    for (const [content, code] of [
      [damaged, 'journal.corrupt'],
      ['my notes\nsecond line\n', 'journal.corrupt'],
      ['my notes', 'journal.corrupt'],
      ['{"format":"muster-journal","version":2}\n', 'journal.version'],
    ] as const) {
      writeFileSync(file, content);
      expect(codeOf(() => Journal.open(folder))).toBe(code);
      expect(readFileSync(file, 'utf8')).toBe(content);
    }
  });

  it('lets one process in at a time and takes over the lock of a dead one', () => {
    const { journal } = Journal.open(folder);
    expect(codeOf(() => Journal.open(folder))).toBe('journal.in-use');
    journal.close();
    writeFileSync(join(folder, 'lock'), '1 1');
    write([entry(1)]);
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
  });

  it('says that its file was taken away under it, by whatever means', () => {
    for (const takeAway of [
      () => rmSync(file),
      () => renameSync(file, `${file}.aside`),
      () => writeFileSync(join(folder, 'other'), readFileSync(file)) ?? renameSync(join(folder, 'other'), file),
      () => rmSync(folder, { recursive: true }),
    ]) {
      const { journal } = Journal.open(folder);
      journal.append([entry(1)]);
      takeAway();
      expect(codeOf(() => journal.append([entry(2)]))).toBe('journal.removed');
      journal.close();
    }
  });

  it('says when the folder cannot be written or the file not be read', () => {
    appendFileSync(file, '');
    expect(codeOf(() => Journal.open(join(file, 'below-a-file')))).toBe('journal.not-writable');
    rmSync(file);
    expect(codeOf(() => Journal.open('/proc/nowhere'))).toBe('journal.not-writable');
    expect(codeOf(() => Journal.read(join(folder, 'absent')))).toBe('nothing thrown');
  });
});
