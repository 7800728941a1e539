import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootTime } from './boot-time.js';

describe('when the computer started', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'muster-boot-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const noon = Date.parse('2026-11-26T12:00:00Z');

  it('stays the same in one boot whatever the clock does, and is another in the next one', () => {
    const path = join(folder, 'boot.json');
    expect(bootTime(path, 'a', noon)).toBe(noon);
    expect(bootTime(path, 'a', noon - 3_600_000)).toBe(noon);
    expect(bootTime(path, 'b', noon + 60_000)).toBe(noon + 60_000);
  });

  it('is noted anew when the note is damaged, and unknown without ids of boots', () => {
    const path = join(folder, 'boot.json');
    writeFileSync(path, '{"bootId');
    expect(bootTime(path, 'a', noon)).toBe(noon);
    expect(bootTime(path, 'a', noon + 1)).toBe(noon);
    expect(bootTime(path, undefined, noon)).toBeUndefined();
  });
});
