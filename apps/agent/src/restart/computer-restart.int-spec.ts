import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RestartOptions, restartComputer, systemRestartCommand } from './computer-restart.js';

let folder: string;
beforeEach(() => {
  // Not where temporary files may lie in memory: a restart would be refused there.
  folder = mkdtempSync('/var/tmp/muster-restart-');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that writes down how it was called, in the place of the one that restarts. */
function program(exitCode = 0): string {
  const path = join(folder, `restart-${exitCode}`);
  writeFileSync(path, `#!/bin/sh\necho "$@" > ${folder}/called\necho "no right" >&2\nexit ${exitCode}\n`);
  chmodSync(path, 0o755);
  return path;
}
const options = (more: Partial<RestartOptions> = {}): RestartOptions => ({
  policy: 'allow',
  command: [program(), 'now'],
  stateFolder: folder,
  log: () => undefined,
  ...more,
});
const never = new AbortController().signal;
const request = { target: 'FullOS', delaySeconds: 0 } as const;

describe('restartComputer', () => {
  it('runs the command that restarts, and leaves the run pending', async () => {
    expect(await restartComputer(request, options(), never)).toEqual({ kind: 'pending' });
    expect(readFileSync(join(folder, 'called'), 'utf8')).toBe('now\n');
  });

  it('waits the delay before, and lets go of it when told to', async () => {
    const stop = new AbortController();
    const told: (number | undefined)[] = [];
    const comes = (at: number | undefined) => told.push(at);
    const before = Date.now();
    const asked = restartComputer({ ...request, delaySeconds: 600 }, options({ comes }), stop.signal);
    stop.abort();
    expect(await asked).toEqual({ kind: 'pending' });
    expect(told).toEqual([expect.any(Number)]);
    expect(told[0]).toBeGreaterThanOrEqual(before + 600_000);
    expect(existsSync(join(folder, 'called'))).toBe(false);
  });

  it('tells people before, once more near the end, and not of what they know', async () => {
    const told = join(folder, 'told');
    const tellCommand = ['/bin/sh', '-c', `echo "$1" >> ${told}`, 'tell'];
    const soon = { ...request, delaySeconds: 0.3 };
    await restartComputer(soon, options({ tellCommand, finalMilliseconds: 200 }), never);
    const lines = () => readFileSync(told, 'utf8').trim().split('\n');
    expect(lines()).toEqual([
      'This computer restarts in 0 seconds.',
      expect.stringMatching(/^This computer restarts at \d\d:\d\d, and nobody puts that off any more\.$/),
    ]);
    await restartComputer(soon, options({ tellCommand, isTold: true }), never);
    expect(lines()).toHaveLength(2);
    expect(existsSync(join(folder, 'called'))).toBe(true);
  });

  it('can be put off while people have their time', async () => {
    const putOff = new AbortController();
    const asked = restartComputer({ ...request, delaySeconds: 600 }, options({ putOff: putOff.signal }), never);
    putOff.abort();
    expect(await asked).toEqual({ kind: 'put-off' });
    expect(existsSync(join(folder, 'called'))).toBe(false);
  });

  it('leaves a computer alone that is not to be restarted', async () => {
    expect(await restartComputer(request, options({ policy: 'never' }), never)).toEqual({ kind: 'pending' });
    expect(existsSync(join(folder, 'called'))).toBe(false);
  });

  it('refuses, with what went wrong, when the command fails or is not there', async () => {
    expect(await restartComputer(request, options({ command: [program(3)] }), never)).toEqual({
      kind: 'refused',
      code: 'restart.command-failed',
      message: `${join(folder, 'restart-3')} ended with 3: no right`,
    });
    expect(await restartComputer(request, options({ command: [join(folder, 'nothing')] }), never)).toMatchObject({
      kind: 'refused',
      code: 'restart.command-failed',
    });
  });

  it('refuses a restart into the preinstallation environment, which it does not have', async () => {
    expect(await restartComputer({ ...request, target: 'PE' }, options(), never)).toMatchObject({
      code: 'restart.no-preinstallation-environment',
    });
  });

  it('conformance vector 24: refuses when the journal lies in memory and would not be found again', async () => {
    const inMemory = ['/dev/shm', '/run'].find((path) => existsSync(path) && statfsSync(path).type === 0x01021994);
    if (inMemory === undefined) throw new Error('this test needs a tmpfs');
    expect(await restartComputer(request, options({ stateFolder: inMemory }), never)).toMatchObject({
      kind: 'refused',
      code: 'restart.no-persistent-storage',
    });
    expect(existsSync(join(folder, 'called'))).toBe(false);
  });

  it('knows how this system is restarted: systemd first, then shutdown, then reboot', () => {
    const having = (...paths: string[]) => systemRestartCommand((path) => paths.includes(path));
    expect([
      having('/run/systemd/system', '/sbin/shutdown'),
      having('/usr/sbin/shutdown', '/sbin/reboot'),
      having('/sbin/reboot'),
      having(),
    ]).toEqual([['systemctl', 'reboot'], ['/usr/sbin/shutdown', '-r', 'now'], ['/sbin/reboot'], undefined]);
  });
});
