import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noteTimeZone, notedTimeZone } from './noted-time-zone.js';

describe('the time zone in which the daemon decides', () => {
  let path: string;

  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'muster-zone-')), 'zone.json');
  });

  afterEach(() => rmSync(join(path, '..'), { recursive: true, force: true }));

  it('is the one that it noted last', () => {
    expect(notedTimeZone(path)).toBeUndefined();
    noteTimeZone(path, 'Asia/Kolkata');
    noteTimeZone(path, 'Australia/Lord_Howe');
    expect(notedTimeZone(path)).toBe('Australia/Lord_Howe');
  });

  it.each(['', '{', 'null', '{"timeZone":7}', '{"timeZone":"Mars/Phobos"}'])(
    'is not known by a note that is damaged: %j',
    (text) => {
      writeFileSync(path, text);
      expect(notedTimeZone(path)).toBeUndefined();
      noteTimeZone(path, 'Asia/Kolkata');
      expect(notedTimeZone(path)).toBe('Asia/Kolkata');
    },
  );

  it('stops no daemon when it cannot be noted', () => {
    mkdirSync(path);
    expect(() => noteTimeZone(path, 'Asia/Kolkata')).not.toThrow();
  });
});
