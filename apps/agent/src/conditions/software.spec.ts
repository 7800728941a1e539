import { type ProgramOutput, type System } from '../facts/system.js';
import { findInstalled, ownerOf } from './package-manager.js';
import { probeSoftware } from './software.js';

type Recorded = Readonly<Record<string, Partial<ProgramOutput>>>;

/** A Linux whose programs say what was recorded; what was not recorded does not exist. */
function linux(recorded: Recorded, asked: string[] = []): System {
  return {
    platform: 'linux',
    architecture: 'x64',
    environment: {},
    read: () => {
      throw new Error('ENOENT');
    },
    run: (program, args) => {
      const call = [program, ...args.filter((arg) => !arg.includes('{'))].join(' ');
      asked.push(call);
      const said = recorded[call];
      return Promise.resolve(said && { exitCode: 0, standardOutput: '', standardError: '', ...said });
    },
  };
}
const withDpkg = (path: string): boolean => path === '/var/lib/dpkg/status';
const withRpm = (path: string): boolean => path === '/var/lib/rpm';
const show = 'dpkg-query --show --';
const versions = async (name: string, recorded: Recorded, exists = withDpkg): Promise<string[]> =>
  (await findInstalled(name, linux(recorded), exists)).map(({ version }) => version);

describe('packages of dpkg', () => {
  it('are installed only when they are configured, and may be there for several architectures', async () => {
    const standardOutput =
      'installed\t2.36-9\ntriggers-pending\t2.36-8\nconfig-files\t2.30-1\nunpacked\t3\nnot-installed\t\n';
    expect(await versions('libc6', { [`${show} libc6`]: { standardOutput } })).toEqual(['2.36-9', '2.36-8']);
  });

  it('are not there when dpkg-query finds none', async () => {
    const none = { exitCode: 1, standardError: 'dpkg-query: no packages found matching nope\n' };
    expect(await versions('nope', { [`${show} nope`]: none })).toEqual([]);
  });

  it('cannot be told when dpkg-query fails or is missing', async () => {
    const failed = { exitCode: 2, standardError: 'dpkg-query: error: failed to open package info file\n' };
    await expect(versions('x', { [`${show} x`]: failed })).rejects.toMatchObject({
      code: 'condition.probe-failed',
      message: expect.stringContaining('exit code 2: dpkg-query: error: failed'),
    });
    await expect(versions('x', {})).rejects.toMatchObject({ code: 'condition.no-package-manager' });
  });

  it('own files by any of their paths, merged folders included, and never a diversion', async () => {
    const asked: string[] = [];
    const recorded = {
      'dpkg-query --search -- /usr/bin/sh': { exitCode: 1 },
      'dpkg-query --search -- /bin/sh': {
        standardOutput: 'diversion by dash from: /bin/sh\ndiversion by dash to: /bin/sh.distrib\ndash, bash: /bin/sh\n',
      },
      [`${show} dash`]: { standardOutput: 'installed\t0.5.12-2\n' },
    };
    expect((await ownerOf(['/usr/bin/sh'], linux(recorded, asked), withDpkg))?.version).toBe('0.5.12-2');
    expect(asked).toHaveLength(3);
  });

  it('are asked for a path as it is, whatever characters it has', async () => {
    const asked: string[] = [];
    const recorded = { 'dpkg-query --search -- /a\\*\\?\\[b\\]\\\\c': { exitCode: 1 } };
    expect(await ownerOf(['/a*?[b]\\c'], linux(recorded, asked), withDpkg)).toBeUndefined();
    expect(asked).toEqual(Object.keys(recorded));
  });
});

describe('packages of rpm', () => {
  const query = 'rpm --query --queryformat --';

  it('have an epoch where it is not 0, and exactly the name that was asked', async () => {
    const standardOutput = 'bash\t0\t5.1.8-9.el9\n';
    expect(await versions('bash', { [`${query} bash`]: { standardOutput } }, withRpm)).toEqual(['5.1.8-9.el9']);
    const openssl = { [`${query} openssl`]: { standardOutput: 'openssl\t1\t3.0.7-27.el9\n' } };
    expect(await versions('openssl', openssl, withRpm)).toEqual(['1:3.0.7-27.el9']);
    const other = { [`${query} bash-5.1.8`]: { standardOutput } };
    expect(await versions('bash-5.1.8', other, withRpm)).toEqual([]);
  });

  it('are not there when rpm says so, and cannot be told when it fails', async () => {
    const none = { exitCode: 1, standardOutput: 'package nope is not installed\n' };
    expect(await versions('nope', { [`${query} nope`]: none }, withRpm)).toEqual([]);
    const failed = { exitCode: 1, standardError: 'error: cannot open Packages database in /var/lib/rpm\n' };
    await expect(versions('x', { [`${query} x`]: failed }, withRpm)).rejects.toMatchObject({
      code: 'condition.probe-failed',
    });
  });

  it('own files', async () => {
    const owner = (said: Partial<ProgramOutput>): Promise<unknown> =>
      ownerOf(['/usr/bin/bash'], linux({ 'rpm --query --file --queryformat -- /usr/bin/bash': said }), withRpm);
    expect(await owner({ standardOutput: 'bash\t0\t5.1.8-9.el9\n' })).toMatchObject({ version: '5.1.8-9.el9' });
    const free = { exitCode: 1, standardOutput: 'file /usr/bin/bash is not owned by any package\n' };
    expect(await owner(free)).toBeUndefined();
  });
});

describe('installed software', () => {
  it('cannot be told without a package manager that we know', async () => {
    const nothing = (): boolean => false;
    await expect(findInstalled('x', linux({}), nothing)).rejects.toMatchObject({
      code: 'condition.no-package-manager',
    });
  });

  it.each([
    [{ software: 'lib*' }, 'condition.invalid-name'],
    [{ software: 'x', productCode: '{1}' }, 'condition.kind-unsupported'],
    [{ software: 'x', upgradeCode: '{1}' }, 'condition.kind-unsupported'],
    [{ software: 'x', version: { operator: 'equals' as const, value: 'newest' } }, 'condition.invalid-version'],
  ])('%j is answered with %s on Linux', async (expression, code) => {
    await expect(probeSoftware(expression, linux({}))).rejects.toMatchObject({ code });
  });
});
