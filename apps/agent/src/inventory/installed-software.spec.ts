import { MOST_SOFTWARE } from '@muster/sequence/conditions/software-schema.js';
import { listInstalled } from '../conditions/package-manager.js';
import { type ProgramOutput, thisSystem } from '../facts/system.js';
import { asTold, installedSoftware } from './installed-software.js';

/** What programs say, by their names. */
const saying = (programs: Readonly<Record<string, Partial<ProgramOutput>>>) => ({
  ...thisSystem,
  platform: 'linux' as const,
  run: async (program: string) => {
    const said = programs[program];
    return said && { exitCode: 0, standardOutput: '', standardError: '', ...said };
  },
});
const dpkgAlone = (path: string): boolean => path === '/var/lib/dpkg/status';
const rpmAlone = (path: string): boolean => path === '/var/lib/rpm';

describe('what is installed', () => {
  it('are the packages of dpkg that are configured', async () => {
    const standardOutput =
      'installed\tlibc6\t2.36-9\tamd64\nconfig-files\told\t1\tamd64\ntriggers-pending\ttzdata\t2025b\tall\n' +
      'installed\tlibc6\t2.36-9\ti386\nunpacked\thalf\t1\tamd64\n';
    expect(await listInstalled(saying({ 'dpkg-query': { standardOutput } }), dpkgAlone)).toEqual([
      { name: 'libc6', version: '2.36-9', architecture: 'amd64' },
      { name: 'tzdata', version: '2025b', architecture: 'all' },
      { name: 'libc6', version: '2.36-9', architecture: 'i386' },
    ]);
  });

  it('are the packages of rpm with their epoch, without the keys that they are signed with', async () => {
    const standardOutput =
      'bash\t0\t5.2.26-3.el10\tx86_64\nshadow-utils\t2\t4.15.0-8.el10\tx86_64\ngpg-pubkey\t0\tabc-def\t(none)\n';
    expect(await listInstalled(saying({ rpm: { standardOutput } }), rpmAlone)).toEqual([
      { name: 'bash', version: '5.2.26-3.el10', architecture: 'x86_64' },
      { name: 'shadow-utils', version: '2:4.15.0-8.el10', architecture: 'x86_64' },
    ]);
  });

  it('is not known where no package manager is, and on other systems', async () => {
    expect(await listInstalled(saying({}), () => false)).toBeUndefined();
    expect(await installedSoftware({ ...saying({}), platform: 'win32' })).toBeUndefined();
  });

  it('is an error where the package manager fails: nothing is not what is installed', async () => {
    const broken = saying({ rpm: { exitCode: 1, standardError: 'error: rpmdb: damaged' } });
    await expect(listInstalled(broken, rpmAlone)).rejects.toMatchObject({ code: 'condition.probe-failed' });
    await expect(listInstalled(saying({}), dpkgAlone)).rejects.toMatchObject({ code: 'condition.no-package-manager' });
  });

  it('is told once each, in the same order whatever the order is in which it was found', () => {
    const [a, b] = [
      { name: 'a', version: '1' },
      { name: 'b', version: '1' },
    ];
    expect(asTold([b, a, b])).toEqual({ software: [a, b], leftOut: 0 });
    expect(asTold([a, b])).toEqual(asTold([b, a]));
  });

  it('is counted where it is too much, or does not fit', () => {
    const many = Array.from({ length: MOST_SOFTWARE + 7 }, (_, index) => ({ name: `package-${index}`, version: '1' }));
    const told = asTold([...many, { name: 'x'.repeat(300), version: '1' }]);
    expect([told.software.length, told.leftOut]).toEqual([MOST_SOFTWARE, 8]);
  });
});
