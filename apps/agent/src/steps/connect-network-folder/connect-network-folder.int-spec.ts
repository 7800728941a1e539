import { existsSync, readdirSync, statSync } from 'node:fs';
import type { VariableInput } from '@muster/sequence/variables.js';
import { SoftwareRun } from '../../../test/software-run.js';
import { stepContext } from '../../../test/step-context.js';
import type { StepContext, StepOutcome } from '../executor.js';
import { connectNetworkFolder } from './execute.js';
import { mountedAt } from './mounted.js';

/* A program `mount` that writes down how it is called stands first in PATH. */
let at: SoftwareRun;
let context: StepContext;
beforeEach(() => {
  at = new SoftwareRun().putProgramsFirst();
});
afterEach(() => at.remove());

function fakeMount(script = ''): void {
  at.write(
    'bin/mount',
    [
      '#!/bin/sh',
      `cd ${at.folder}`,
      'for word; do printf "[%s]" "$word"; done >> calls; echo >> calls',
      'case "$4" in credentials=*) file=${4#credentials=}; cp "$file" credentials; stat -c "%a %n" "$file" > mode;; esac',
      script,
    ].join('\n'),
  );
}
function connect(settings: Record<string, unknown>, device: VariableInput = {}): Promise<StepOutcome> {
  at.write('work/.keep', '');
  context = stepContext(at.path('work'), device);
  const places = { mounts: at.path('mounts'), helpers: [at.path('helpers')] };
  return connectNetworkFolder({ path: '//server/share', ...settings }, context, places);
}
const calls = (): string[] => at.read('calls').trim().split('\n');

describe('Connect to Network Folder', () => {
  it('mounts a share with credentials in a file for mount alone, which is gone afterwards', async () => {
    fakeMount();
    const password = 'pw, of "user"';
    const settings = {
      path: '\\\\server\\share\\media',
      account: 'EXAMPLE\\me',
      password,
      mountPoint: at.path('here'),
    };
    expect(await connect({ ...settings, variable: 'Share' })).toEqual({
      exitCode: 0,
      output: `//server/share/media is at ${at.path('here')}`,
      warnings: [],
    });
    expect(context.variables.read('Share')?.value).toBe(at.path('here'));
    expect(at.read('credentials')).toBe(`username=me\npassword=${password}\ndomain=EXAMPLE\n`);
    const [mode, file = ''] = at.read('mode').trim().split(' ');
    expect([mode, existsSync(file)]).toEqual(['600', false]);
    expect(calls()).toEqual([`[-t][cifs][-o][credentials=${file}][--][//server/share/media][${at.path('here')}]`]);
    expect(readdirSync(context.folder)).toEqual(['.keep']);
  });

  it('mounts as a guest without an account', async () => {
    fakeMount();
    await connect({ mountPoint: at.path('here') });
    expect(calls()).toEqual([`[-t][cifs][-o][guest][--][//server/share][${at.path('here')}]`]);
  });

  it('mounts an NFS export, and says that it knows no account', async () => {
    fakeMount();
    const { warnings } = await connect({
      path: 'nas:/export',
      mountPoint: at.path('here'),
      account: 'x',
      password: 'y',
    });
    expect(calls()).toEqual([`[-t][nfs][--][nas:/export][${at.path('here')}]`]);
    expect(warnings).toEqual(['NFS knows no account: account and password are not used']);
  });

  it('makes a folder of its own for each share, never in the folder of the run', async () => {
    fakeMount();
    await connect({ variable: 'A' });
    const first = context.variables.read('A')?.value ?? '';
    await connect({ path: '//server/share-2', variable: 'A' });
    const second = context.variables.read('A')?.value ?? '';
    await connect({ driveLetter: 'm:', variable: 'A' });
    expect(context.variables.read('A')?.value).toBe(at.path('mounts', 'M'));
    expect(first).toMatch(/\/mounts\/server-share-[0-9a-f]{8}$/);
    expect(second).not.toBe(first);
    expect(first.startsWith(context.folder)).toBe(false);
    expect(statSync(first).isDirectory()).toBe(true);
  });

  it('says what to install when nothing knows this kind of share', async () => {
    fakeMount('echo "mount: bad option" >&2; exit 32');
    await expect(connect({})).rejects.toMatchObject({
      code: 'step.mount-helper-missing',
      message: expect.stringContaining('cifs-utils'),
    });
    await expect(connect({ path: 'nas:/x' })).rejects.toMatchObject({ message: expect.stringContaining('nfs-common') });
  });

  it('says what mount said, and removes the credentials also then', async () => {
    at.write('helpers/mount.cifs', '');
    fakeMount('echo "mount error(13): Permission denied" >&2; exit 32');
    await expect(connect({ account: 'me', password: 'pw' })).rejects.toMatchObject({
      code: 'step.mount-failed',
      message: 'mount //server/share: mount error(13): Permission denied',
    });
    expect(readdirSync(context.folder)).toEqual(['.keep']);
  });

  it('does not mount over something else', async () => {
    fakeMount();
    await expect(connect({ mountPoint: '/proc' })).rejects.toMatchObject({ code: 'step.mount-point-in-use' });
    expect(existsSync(at.path('calls'))).toBe(false);
  });

  it('says what is wrong when the folder cannot be made', async () => {
    fakeMount();
    at.write('file', '');
    await expect(connect({ mountPoint: at.path('file', 'below') })).rejects.toMatchObject({
      code: 'step.mount-failed',
    });
  });

  it('ends when the run is stopped', async () => {
    fakeMount('sleep 600');
    at.write('work/.keep', '');
    context = stepContext(at.path('work'), {}, { signal: AbortSignal.timeout(200) });
    const places = { mounts: at.path('mounts'), helpers: [] };
    await expect(connectNetworkFolder({ path: '//s/x' }, context, places)).rejects.toMatchObject({
      code: 'step.stopped',
    });
  });
});

describe('what is mounted', () => {
  it('is the last at a path, with blanks in its name', () => {
    const mounts = 'proc /proc proc rw 0 0\n//s/a\\040b /mnt/x\\040y cifs rw 0 0\n//s/c /mnt/x\\040y cifs rw 0 0\n';
    expect([mountedAt('/mnt/x y', mounts), mountedAt('/mnt', mounts)]).toEqual(['//s/c', undefined]);
  });
});
