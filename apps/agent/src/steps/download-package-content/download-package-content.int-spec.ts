import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { SoftwareRun } from '../../../test/software-run.js';
import { copyContent } from './copy-content.js';

let at: SoftwareRun;
beforeEach(() => {
  at = new SoftwareRun();
  at.write('packages/tools/bin/tool', '#!/bin/sh\necho tool\n');
  at.write('packages/drivers/driver.txt', 'driver');
});
afterEach(() => at.remove());

const download = (settings: object) => ({ type: 'DownloadPackageContent', settings: { variable: 'Got', ...settings } });

describe('Download Package Content', () => {
  it('copies into the working directory of the run, and says where in the order of the list', async () => {
    const { report, variable, work } = await at.step(
      download({ packages: ['drivers', { kind: 'DriverPackage', name: 'tools' }] }),
      { Got03: 'stale' },
    );
    const [first = '', second = ''] = [variable('Got01'), variable('Got02')];
    expect([report?.outcome, variable('Got03')]).toEqual(['succeeded', undefined]);
    expect([first, second].every((folder) => folder.startsWith(work))).toBe(true);
    expect(readFileSync(join(first, 'driver.txt'), 'utf8')).toBe('driver');
    expect(lstatSync(join(second, 'bin/tool')).mode & 0o111).not.toBe(0);
    expect(report?.output).toBe(`drivers: ${first}\ntools: ${second}`);
  });

  it('leaves content in the cache when that is wanted, which is not there in PE', async () => {
    const cached = await at.step(download({ packages: 'tools', destination: 'clientCache' }));
    expect(cached.variable('Got01')).toBe(at.path('packages', 'tools'));
    const pe = await at.step(download({ packages: 'tools', destination: 'CCMCache' }), {}, { facts: { phase: 'PE' } });
    expect(pe.report?.code).toBe('content.destination-invalid');
  });

  it('puts each package in place of what was under a path, with nothing left of it', async () => {
    at.write('target/tools/old.txt', 'old');
    at.write('target/.tools.0123456789ab.new/half', '');
    at.write('target/mine.txt', 'mine');
    const settings = { packages: ['tools'], destination: 'path', path: '%Where%' };
    const { report, variable } = await at.step(download(settings), { Where: at.path('target') });
    expect([report?.outcome, variable('Got01')]).toEqual(['succeeded', at.path('target', 'tools')]);
    expect(readdirSync(at.path('target')).sort()).toEqual(['mine.txt', 'tools']);
    expect(readdirSync(at.path('target', 'tools'))).toEqual(['bin']);
  });

  it('is told by variables what, where to and under which names', async () => {
    const variables = {
      OSDDownloadDownloadPackages: 'drivers, tools',
      OSDDownloadDestinationLocationType: 'Custom',
      OSDDownloadDestinationPath: at.path('there'),
      OSDDownloadDestinationVariable: 'Other',
    };
    const { variable } = await at.step(download({ packages: ['nothing'] }), variables);
    expect([variable('Other01'), variable('Other02')]).toEqual([at.path('there/drivers'), at.path('there/tools')]);
    expect(variable('Got01')).toBeUndefined();
  });

  it('goes on without what cannot be had, its variable unset, or fails when it is told to', async () => {
    const packages = ['missing', 'tools', '..'];
    const { report, variable } = await at.step(download({ packages }), { Got01: 'stale' });
    expect([report?.outcome, variable('Got01'), variable('Got02')]).toEqual([
      'succeeded',
      undefined,
      expect.any(String),
    ]);
    expect(report?.warnings).toEqual([
      expect.stringMatching(/^content.package-not-found: content of "missing"/),
      expect.stringMatching(/^content.invalid-name: /),
    ]);
    const strict = await at.step(download({ packages, continueOnDownloadError: false }));
    expect([strict.report?.code, strict.variable('Got02')]).toEqual(['content.package-not-found', undefined]);
  });

  it.each([
    ['relative/path', 'content.destination-invalid'],
    ['FOLDER/packages', 'content.destination-invalid'],
    ['FOLDER/packages/tools/inside', 'content.destination-invalid'],
    ['FOLDER/packages/drivers/driver.txt', 'content.destination-failed'],
  ])('refuses to put content at %s', async (path, code) => {
    const settings = { packages: ['tools'], destination: 'path', path, continueOnDownloadError: false };
    const { report } = await at.step(download({ ...settings, path: path.replace('FOLDER', at.folder) }));
    expect(report?.code).toBe(code);
    expect(readdirSync(at.path('packages/tools'))).toEqual(['bin']);
  });
});

describe('copying content', () => {
  it('never leads out of its folder by a name', async () => {
    const signal = new AbortController().signal;
    for (const name of ['', '.', '..', '../x', 'a/b', '/etc', 'a\0b', '-x', 'x'.repeat(300)]) {
      await expect(copyContent(at.path('packages/tools'), at.path('to'), name, signal)).rejects.toMatchObject({
        code: 'content.invalid-name',
      });
    }
    expect(existsSync(at.path('to'))).toBe(false);
  });

  it('copies links as links, and leaves what was there when it is stopped', async () => {
    mkdirSync(at.path('to'));
    symlinkSync('/etc/passwd', at.path('packages/tools/link'));
    const stop = new AbortController();
    await copyContent(at.path('packages/tools'), at.path('to'), 'x', stop.signal);
    expect(lstatSync(at.path('to/x/link')).isSymbolicLink()).toBe(true);
    at.write('packages/tools/new', '');
    stop.abort(new Error('enough'));
    await expect(copyContent(at.path('packages/tools'), at.path('to'), 'x', stop.signal)).rejects.toThrow('enough');
    expect(readdirSync(at.path('to'))).toEqual(['x']);
    expect(readdirSync(at.path('to/x')).sort()).toEqual(['bin', 'link']);
  });
});
