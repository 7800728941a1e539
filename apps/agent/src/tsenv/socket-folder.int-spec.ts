import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SocketFolder } from './socket-folder.js';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'muster-base-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('the folder for sockets', () => {
  it('is made on first use, for this user alone, with a short path, and removed with what is in it', () => {
    const folder = new SocketFolder([base]);
    expect(readdirSync(base)).toEqual([]);
    const path = folder.path ?? '';
    expect([dirname(path), folder.path]).toEqual([base, path]);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    writeFileSync(join(path, 'x'), '');
    folder.remove();
    expect(readdirSync(base)).toEqual([]);
  });

  it('is made where there is room for the path of a socket and a right to write', () => {
    const long = join(base, 'x'.repeat(60));
    mkdirSync(long);
    const folder = new SocketFolder([long, join(base, 'absent'), base]);
    expect(dirname(folder.path ?? '')).toBe(base);
    expect(new SocketFolder([long, join(base, 'absent')]).path).toBeUndefined();
  });

  it('removes what dead agents left, and nothing else', () => {
    const dead = spawnSync('true').pid;
    const stale = join(base, `muster-tsenv-${dead}-1-abcdef`);
    const reused = join(base, `muster-tsenv-${process.pid}-1-abcdef`);
    const strange = [join(base, 'muster-tsenv-notes'), join(base, `muster-tsenv-${dead}-1-toolong`)];
    for (const path of [stale, reused, ...strange]) mkdirSync(path);
    writeFileSync(join(stale, 'socket'), '');
    symlinkSync(strange[0] ?? '', join(base, `muster-tsenv-${dead}-2-abcdef`));
    const living = new SocketFolder([base]);
    const path = living.path ?? '';
    expect(new SocketFolder([base]).path).toBeDefined();
    expect([stale, reused, ...strange, path].map((one) => existsSync(one))).toEqual([false, false, true, true, true]);
  });
});
