import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FateBook } from './fate-book.js';
import type { SaidFate } from './fate-to-tell.js';

const now = Date.parse('2026-11-27T12:00Z');
const iso = (instant: number): string => new Date(instant).toISOString();
const uid = '0193e7a0-0000-7000-8000-0000000000d1';
const window: SaidFate = { state: 'waiting', reason: 'window', until: now + 5000, says: 'waits for a window' };
const over: SaidFate = { state: 'expired', says: 'expired', quiet: true };

describe('the book of fates', () => {
  let folder: string;
  let path: string;
  let book: FateBook;
  const note = (fate: SaidFate | undefined, at = now): boolean => book.note(new Map([[uid, fate]]), at);
  const acknowledge = (): void => book.acknowledge(book.unsent.map(({ number }) => number));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-fates-'));
    path = join(folder, 'fates.json');
    book = new FateBook(path);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('has what is new for the site until that has it, also after a restart', () => {
    expect(note(window)).toBe(true);
    book = new FateBook(path);
    expect(book.unsent).toEqual([
      {
        deploymentUid: uid,
        number: now,
        acceptance: { state: 'accepted', at: iso(now) },
        delivery: {
          state: 'waiting',
          reason: 'window',
          at: iso(now),
          until: iso(now + 5000),
          says: 'waits for a window',
        },
      },
    ]);
    acknowledge();
    expect(new FateBook(path).unsent).toEqual([]);
  });

  it('tells a fate once, and another one or another time again', () => {
    note(window);
    acknowledge();
    expect(note({ ...window, says: 'the same in other words' }, now + 1)).toBe(false);
    expect(note(undefined, now + 1)).toBe(false);
    expect(note({ ...window, until: now + 9000 }, now + 1)).toBe(true);
    expect(book.unsent).toHaveLength(1);
  });

  it('keeps how far it was when it takes no part any more, and since when it took part', () => {
    note(window);
    note({ ...window, reason: 'content' }, now + 10);
    expect(book.unsent[0]?.acceptance).toEqual({ state: 'accepted', at: iso(now) });
    note({ state: 'expired', says: 'expired' }, now + 20);
    expect(book.unsent).toMatchObject([
      { acceptance: { state: 'expired', at: iso(now + 20) }, delivery: { reason: 'content', at: iso(now + 10) } },
    ]);
  });

  it('numbers them by the clock, and goes on where the clock was set back', () => {
    note(window);
    note({ ...window, reason: 'content' }, now - 100_000);
    expect(book.unsent[0]?.number).toBe(now + 1);
  });

  it('forgets what was to be told when a run begins, and is quiet behind it when nothing more will come', () => {
    note(window);
    book.forget(uid);
    expect(book.unsent).toEqual([]);
    expect(note(over)).toBe(false);
    note(window);
    expect(note(over)).toBe(true);
  });

  it('keeps what the site has not heard of a deployment that is gone, until it has', () => {
    note(window);
    book.note(new Map(), now + 1);
    expect(book.unsent).toHaveLength(1);
    acknowledge();
    book.note(new Map(), now + 2);
    expect(note(window, now + 3)).toBe(true);
  });

  it('begins anew where its file is damaged, with greater numbers', () => {
    writeFileSync(path, '{"version":1,');
    book = new FateBook(path);
    note(window);
    expect(book.unsent[0]?.number).toBe(now);
  });
});
