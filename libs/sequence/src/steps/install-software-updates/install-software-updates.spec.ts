import { validateSequence } from '../../validate.js';

const findings = (settings: object): string[] =>
  validateSequence({ steps: [{ step: 'S', type: 'InstallSoftwareUpdates', settings: { ...settings } }] }).map(
    ({ code, path }) => `${code} ${path.split('/settings').at(-1)}`,
  );

describe('Install Software Updates', () => {
  it('needs no settings, and takes target, packages, manager, scan and retry', () => {
    expect(findings({})).toEqual([]);
    const all = { target: 'All', packages: 'bash, libc6:amd64', packageManager: 'apt', useCachedScan: true };
    expect(findings({ ...all, scanTimeoutSeconds: 60, retryOnRestart: { enabled: false } })).toEqual([]);
    expect(findings({ target: '%SMSInstallUpdateTarget%', packages: ['%One%'] })).toEqual([]);
  });

  it.each([
    [{ target: 'Some' }, /\/target$/],
    [{ packages: ['-o'] }, /\/packages/],
    [{ packages: ['bash', '../x'] }, /\/packages/],
    [{ packages: 'bash,--allow-downgrades' }, /\/packages/],
    [{ packages: ['a b'] }, /\/packages/],
    [{ packageManager: 'brew' }, /\/packageManager$/],
    [{ scanTimeoutSeconds: 0 }, /\/scanTimeoutSeconds$/],
  ])('refuses %j: nothing can become an option of the package manager', (settings, path) => {
    expect(findings(settings)).toEqual([expect.stringMatching(path)]);
  });
});
