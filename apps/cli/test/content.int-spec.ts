import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collection } from '@muster/contracts/kinds/collection.js';
import { distributionPointGroup } from '@muster/contracts/kinds/distribution-point-group.js';
import { distribution } from '@muster/contracts/kinds/distribution.js';
import { packageKind } from '@muster/contracts/kinds/package.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { until } from '@muster/testing/until.js';
import { runCli } from '../src/program.js';
import { captureTerminal } from './capture-terminal.js';
import { SiteOnPaper, TOKEN } from './site-on-paper.js';

let site: SiteOnPaper;
let folder: string;

beforeEach(async () => {
  site = await SiteOnPaper.start();
  site.save(packageKind, 'p', {}, { versions: [] });
  folder = mkdtempSync(join(tmpdir(), 'muster-content-'));
});

afterEach(async () => {
  await site.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function muster(...argv: string[]) {
  const terminal = captureTerminal({ MUSTER_SERVER: site.url, MUSTER_TOKEN: TOKEN, MUSTER_CONFIG: '/nonexistent' });
  return { exitCode: await runCli(argv, terminal), out: terminal.stdout(), error: terminal.stderr() };
}

function fill(): void {
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'tool'), '#!/bin/sh\n');
  chmodSync(join(folder, 'bin', 'tool'), 0o755);
  writeFileSync(join(folder, 'big'), Buffer.alloc(3_000_000, 7));
  writeFileSync(join(folder, 'same'), Buffer.alloc(3_000_000, 7));
  writeFileSync(join(folder, 'empty'), '');
}

const puts = () => site.requests.filter((request) => request.startsWith('PUT /blob/'));

describe('content upload', () => {
  it('sends each content once and announces every file with its digest, sorted by path', async () => {
    fill();
    expect(await muster('content', 'upload', 'p', folder)).toEqual({
      exitCode: 0,
      out: 'package/p version 1: 4 files, 5.7 MiB; sent 3 files, 2.9 MiB',
      error: '',
    });
    expect(site.uploads.get('p')?.[0]?.files.map(({ path, size, executable }) => [path, size, executable])).toEqual([
      ['big', 3_000_000, undefined],
      ['bin/tool', 10, true],
      ['empty', 0, undefined],
      ['same', 3_000_000, undefined],
    ]);
    expect(puts()).toHaveLength(3);
  });

  it('sends nothing that the library holds already', async () => {
    fill();
    await muster('content', 'upload', 'p', folder);
    expect((await muster('content', 'upload', 'p', folder)).out).toContain('sent 0 files, 0 B');
    expect(puts()).toHaveLength(3);
  });

  it('tries again after a broken connection and after "not now"', async () => {
    fill();
    site.mishaps.push({ match: /^PUT/, status: 0, hangUp: true }, { match: /^PUT/, status: 503 });
    expect((await muster('content', 'upload', 'p', folder)).exitCode).toBe(0);
    expect(puts()).toHaveLength(5);
  });

  it('announces again when an address has expired', async () => {
    fill();
    site.mishaps.push({
      match: /^PUT/,
      status: 403,
      body: '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
    });
    expect((await muster('content', 'upload', 'p', folder)).exitCode).toBe(0);
    expect(site.requests.filter((request) => request === 'POST /api/v1/packages/p/versions')).toHaveLength(2);
  });

  it('blames the clocks at once when the store finds an address outdated that has just come', async () => {
    fill();
    const signedAt = new Date(Date.now() - 40 * 60_000).toISOString().replaceAll(/\.\d+|[-:]/g, '');
    site.addressQuery = `?X-Amz-Date=${signedAt}&X-Amz-Expires=900`;
    const refusal = '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>';
    for (let put = 0; put < 3; put += 1) site.mishaps.push({ match: /^PUT/, status: 403, body: refusal });
    const { exitCode, error } = await muster('content', 'upload', 'p', folder);
    expect(exitCode).toBe(1);
    expect(error).toMatch(/content\.store-clock-skew: the store at 127\.0\.0\.1:\d+ did not take /);
    expect(error).toContain("its clock is 40 minutes ahead of the site's. Set both clocks, best by NTP");
    expect(site.requests.filter((request) => request === 'POST /api/v1/packages/p/versions')).toHaveLength(1);
  });

  it('says it when the store refuses', async () => {
    fill();
    site.mishaps.push({ match: /^PUT/, status: 400, body: '<Error><Code>EntityTooLarge</Code></Error>' });
    expect(await muster('content', 'upload', 'p', folder)).toMatchObject({
      exitCode: 1,
      error: expect.stringMatching(
        /content\.upload-refused: the store at 127\.0\.0\.1:\d+ refused .*: 400 EntityTooLarge/,
      ),
    });
  });

  it('says at once when the store is full', async () => {
    fill();
    site.mishaps.push({ match: /^PUT/, status: 507, body: '<Error><Code>InsufficientStorage</Code></Error>' });
    expect(await muster('content', 'upload', 'p', folder)).toMatchObject({
      exitCode: 1,
      error: expect.stringMatching(/content\.store-disk-full: the store at 127\.0\.0\.1:\d+ is full/),
    });
  });

  it('says that a file changed when the store got other bytes than were read', async () => {
    fill();
    site.mishaps.push({ match: /^PUT/, status: 400, body: '<Error><Code>BadDigest</Code></Error>' });
    expect(await muster('content', 'upload', 'p', folder)).toMatchObject({
      exitCode: 5,
      error: expect.stringContaining('content.changed'),
    });
  });

  it('sends of a large file what the version before does not have', async () => {
    const image = join(folder, 'image');
    const bytes = randomBytes(20_000_000);
    writeFileSync(image, bytes);
    await muster('content', 'upload', 'p', image);
    // A byte before all others moves everything.
    writeFileSync(image, Buffer.concat([Buffer.from('x'), bytes]));
    const { out } = await muster('content', 'upload', 'p', image);
    expect(out).toMatch(/version 2: 1 files, 19\.1 MiB; sent 1 files, \d{2,3}(\.\d)? KiB$/);
    const [file] = site.uploads.get('p')?.[1]?.files ?? [];
    expect(file?.stored?.blobs[0]).not.toEqual(file?.stored?.blobs[1]);
    expect(file?.stored?.extents).toHaveLength(2);
  });

  it('sends all of a large file when the library has lost what an older version shares with it', async () => {
    const image = join(folder, 'image');
    const bytes = randomBytes(20_000_000);
    writeFileSync(image, bytes);
    await muster('content', 'upload', 'p', image);
    for (const [digest, blob] of site.blobs) if (blob.length > 10_000_000) site.blobs.delete(digest);
    writeFileSync(image, Buffer.concat([randomBytes(500_000), bytes.subarray(400_000)]));
    const { out, error } = await muster('content', 'upload', 'p', image);
    expect(error).toContain('the library has lost');
    expect(out).toContain('sent 1 files, 19.2 MiB');
  });

  it('says at once of everything that is no plain file, and sends nothing', async () => {
    fill();
    symlinkSync('/etc/hostname', join(folder, 'link'));
    symlinkSync('/nowhere', join(folder, 'bin', 'broken'));
    const { exitCode, error } = await muster('content', 'upload', 'p', folder);
    expect(exitCode).toBe(2);
    expect(error).toContain(`${join(folder, 'link')} is a symbolic link`);
    expect(error).toContain(`${join(folder, 'bin', 'broken')} is a symbolic link`);
    expect(puts()).toEqual([]);
  });

  it('makes a pack of more than 10,000 small files, and refuses what cannot be in it before it sends anything', async () => {
    const packs = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('muster-pack-'));
    const before = packs();
    fill();
    writeFileSync(join(folder, 'large'), randomBytes(5_000_000));
    for (let index = 0; index < 10_000; index += 1) writeFileSync(join(folder, `many-${index}`), String(index));
    writeFileSync(join(folder, 'MANY-77'), '');
    const collision = await muster('content', 'upload', 'p', folder);
    expect([collision.exitCode, collision.error]).toEqual([2, expect.stringContaining('content.invalid-path: ')]);
    expect(collision.error).toContain('many-77 cannot be content: it collides with "MANY-77"');
    expect(site.requests).toEqual([]);
    rmSync(join(folder, 'MANY-77'));
    const { exitCode, out } = await muster('content', 'upload', 'p', folder);
    expect([exitCode, out]).toEqual([
      0,
      expect.stringContaining('version 1: 10005 files, 10.7 MiB; sent 2 files, 9.7 MiB'),
    ]);
    expect(site.uploads.get('p')?.[0]?.files.map(({ path, pack }) => [path, pack])).toEqual([
      ['large', undefined],
      ['muster-pack', { files: 10_004 }],
    ]);
    expect((await muster('content', 'upload', 'p', folder)).out).toContain('sent 0 files, 0 B');
    expect(packs()).toEqual(before);
  });

  it('uploads a single file', async () => {
    fill();
    await muster('content', 'upload', 'p', join(folder, 'bin', 'tool'));
    expect(site.uploads.get('p')?.[0]?.files.map(({ path }) => path)).toEqual(['tool']);
  });

  it.each([
    ['a symbolic link', 'content.symlink', (at: string) => symlinkSync('/etc/hostname', join(at, 'link'))],
    ['a named pipe', 'content.special-file', (at: string) => execFileSync('mkfifo', [join(at, 'pipe')])],
    ['a backslash in a name', 'content.invalid-path', (at: string) => writeFileSync(join(at, 'a\\b'), '')],
    [
      'names that differ in case only',
      'content.invalid-path',
      (at: string) => {
        writeFileSync(join(at, 'A'), '');
        writeFileSync(join(at, 'a'), '');
      },
    ],
    [
      'a name that is not UTF-8',
      'content.file-name',
      (at: string) => writeFileSync(Buffer.concat([Buffer.from(`${at}/`), Buffer.from([0xff])]), ''),
    ],
    ['no file', 'content.empty', () => undefined],
  ])('refuses a folder with %s before it sends anything', async (_what, code, prepare) => {
    prepare(folder);
    const { exitCode, error } = await muster('content', 'upload', 'p', folder);
    expect([exitCode, error]).toEqual([2, expect.stringContaining(`error: ${code}: `)]);
    expect(site.requests).toEqual([]);
  });

  it('ends with 4 when there is no such package, with 2 when there is no such folder', async () => {
    fill();
    expect((await muster('content', 'upload', 'nope', folder)).exitCode).toBe(4);
    expect((await muster('content', 'upload', 'p', join(folder, 'nope'))).exitCode).toBe(2);
  });
});

describe('content distribute', () => {
  const progress = (point: string, state: string, version = 1) => ({
    point,
    version,
    manifest: `sha256:${'0'.repeat(64)}`,
    state,
    filesDone: 0,
    files: 1,
    bytesDone: 0,
    bytes: 10,
    attempts: 3,
    ...(state === 'failed' ? { lastError: 'disk full' } : {}),
    updatedAt: '2026-01-01T00:00:00Z',
  });
  const state = (...points: ReturnType<typeof progress>[]) =>
    site.save(distribution, 'p', { package: 'p', points: ['old', 'new'] }, { points });

  it('adds points to those that are wanted already and waits until they hold the newest version', async () => {
    site.save(packageKind, 'p', {}, { versions: [], newestVersion: 2 });
    site.save(distribution, 'p', { package: 'p', points: ['old'] }, { points: [progress('old', 'available', 2)] });
    const done = muster('content', 'distribute', 'p', '--to', 'new');
    const wanted = () => JSON.stringify(site.read(distribution, 'p')?.spec);
    await until(() => wanted() === '{"package":"p","points":["old","new"]}');
    state(progress('new', 'available', 1), progress('new', 'transferring', 2));
    const asked = site.requests.length;
    await until(() => site.requests.length > asked + 2);
    state(progress('new', 'available', 2));
    expect(await done).toMatchObject({
      exitCode: 0,
      out: 'distribution/p configured\nversion 2 of package/p is available on new',
    });
  });

  it('ends with 1 and the reason when a point cannot be reached', async () => {
    site.save(packageKind, 'p', {}, { versions: [], newestVersion: 1 });
    state(progress('new', 'failed'));
    expect(await muster('content', 'distribute', 'p', '--to', 'new')).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining(
        'content.distribution-failed: version 1 of "p" did not reach "new" in 3 attempts: disk full',
      ),
    });
  });

  it('goes to the groups that are tied to a collection at this moment', async () => {
    site.save(collection, 'berlin-computers', { rules: [] }, {});
    site.save(collection, 'alone', { rules: [] }, {});
    site.save(distributionPointGroup, 'branches', { points: ['new'], collections: ['berlin-computers'] }, {});
    site.save(distributionPointGroup, 'others', { points: ['old'], collections: ['other-computers'] }, {});
    const send = (name: string) => muster('content', 'distribute', 'p', '--to-collection', name, '--no-wait');
    expect(await send('berlin-computers')).toMatchObject({ exitCode: 0, out: 'distribution/p created' });
    expect(site.read(distribution, 'p')?.spec).toEqual({ package: 'p', groups: ['branches'] });
    expect(await send('alone')).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('content.no-group-of-collection'),
    });
    expect(await send('misspelt')).toMatchObject({ exitCode: 4 });
  });

  it('sends all that a sequence refers to, and says what is there, what has no files and what there is not', async () => {
    const installs = (name: string) => ({
      step: name,
      type: 'InstallPackage',
      settings: { package: name, program: 'x' },
    });
    site.save(packageKind, 'p', {}, { versions: [], newestVersion: 1 });
    site.save(packageKind, 'restart', { noFiles: true }, { versions: [] });
    site.save(taskSequence, 'all', { steps: [installs('p'), installs('restart'), installs('gone')] }, {});
    const send = () => muster('content', 'distribute', '--sequence', 'all', '--to', 'new');
    expect(await send()).toMatchObject({
      exitCode: 4,
      out: '',
      error: expect.stringContaining('content.not-there: there is no package/gone'),
    });
    site.save(taskSequence, 'all', { steps: [installs('p'), installs('restart')] }, {});
    state(progress('new', 'available'));
    expect(await send()).toEqual({
      exitCode: 0,
      error: 'skipped package/restart: it has no files',
      out: [
        'version 1 of package/p is already on new: not sent again',
        'distribution/p unchanged',
        'version 1 of package/p is available on new',
      ].join('\n'),
    });
  });

  it('waits for nothing where the groups have no points yet', async () => {
    site.save(packageKind, 'p', {}, { versions: [], newestVersion: 1 });
    site.save(distributionPointGroup, 'branches', { points: [] }, {});
    expect(await muster('content', 'distribute', 'p', '--to-group', 'branches')).toEqual({
      exitCode: 0,
      out: 'distribution/p created',
      error: 'the groups have no points yet: those that join get it',
    });
  });

  it('does not wait for days for a point that the site still tries to reach', async () => {
    site.save(packageKind, 'p', {}, { versions: [], newestVersion: 1 });
    state({ ...progress('new', 'retrying'), attempts: 20, lastError: 'no answer' });
    expect(await muster('content', 'distribute', 'p', '--to', 'new')).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('in 20 attempts: no answer. The site goes on trying'),
    });
  });

  it('says that there is nothing to wait for without content, and does not wait with --no-wait', async () => {
    expect(await muster('content', 'distribute', 'p', '--to', 'new')).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('content.no-version'),
    });
    expect((await muster('content', 'distribute', 'p', '--to', 'new', '--no-wait')).exitCode).toBe(0);
  });
});
