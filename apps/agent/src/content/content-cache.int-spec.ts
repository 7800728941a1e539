import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Digest, digestOf, digestOfBytes } from '@muster/contracts/digest.js';
import { pino } from 'pino';
import { Agent } from 'undici';
import { SiteUnderTest } from '../../test/site-under-test.js';
import { ensureDeviceKey } from '../identity/device-key.js';
import { ensureSealingKey } from '../identity/sealing-key.js';
import { Session } from '../http/session.js';
import { SiteApi } from '../http/site-api.js';
import { Transport } from '../http/transport.js';
import { deviceUid, SITE } from '../../test/site-under-test.js';
import { ContentCache, type ContentCacheOptions } from './content-cache.js';
import { ContentFolders } from './content-folders.js';

let folder: string;
let site: SiteUnderTest;
let transport: Transport;
let options: ContentCacheOptions;
let cache: ContentCache;
let logLines: string[];
const never = new AbortController().signal;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-content-'));
  site = await SiteUnderTest.start();
  const key = await ensureDeviceKey(join(folder, 'key.pem'));
  site.enrolled.set('test', key.publicKey);
  transport = new Transport(site.url);
  const sealing = ensureSealingKey(join(folder, 'sealing-key.pem'));
  const identity = { deviceUid, site: SITE };
  const session = new Session({ transport, identity, keys: { key, sealing }, signal: never });
  const api = new SiteApi(transport, session);
  options = {
    folder: join(folder, 'cache'),
    locator: api,
    dispatcher: new Agent({ headersTimeout: 2000, bodyTimeout: 2000 }),
    patience: 0.01,
  };
  cache = new ContentCache(options);
  logLines = [];
});
afterEach(async () => {
  await transport.close();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

const provide = (digest: Digest, signal = never): Promise<string> =>
  cache.provide(digest, pino({ base: null }, { write: (line: string) => void logLines.push(line) }), signal);
const downloads = (): string[] => site.requests.filter((request) => request.startsWith('GET /dp'));
const files = {
  'install.sh': { text: '#!/bin/sh\nexit 0\n', executable: true },
  'data/deep/a.txt': { text: 'aaa' },
  'data/empty': { text: '' },
};

describe('content', () => {
  it('is laid out under its names, with executable bits, and is not fetched twice', async () => {
    const manifest = site.addContent(files);
    const at = await provide(manifest);
    expect(readFileSync(join(at, 'data/deep/a.txt'), 'utf8')).toBe('aaa');
    expect(readFileSync(join(at, 'data/empty'), 'utf8')).toBe('');
    expect(statSync(join(at, 'install.sh')).mode & 0o111).toBe(0o111);
    expect(statSync(join(at, 'data/deep/a.txt')).mode & 0o777).toBe(0o444);
    const before = site.requests.length;
    expect(await provide(manifest)).toBe(at);
    expect(site.requests).toHaveLength(before);
  });

  it('is an empty folder where there are no files', async () => {
    const manifest = site.addContent({});
    expect(readdirSync(await provide(manifest))).toEqual([]);
    await cache.locate(manifest, never);
    expect(downloads()).toEqual([]);
  });

  it('is made right again, without the network, when a program changed, added or removed files', async () => {
    const manifest = site.addContent(files);
    const at = await provide(manifest);
    await site.close();
    const changed = join(at, 'data/deep/a.txt');
    chmodSync(changed, 0o644);
    writeFileSync(changed, 'bbb');
    writeFileSync(join(at, 'data/planted.sh'), 'evil');
    rmSync(join(at, 'install.sh'));
    await provide(manifest);
    expect(readFileSync(changed, 'utf8')).toBe('aaa');
    expect(readdirSync(at, { recursive: true }).map(String).sort()).toEqual(
      ['data', 'data/deep', 'data/deep/a.txt', 'data/empty', 'install.sh'].sort(),
    );
    await site.listen(0);
  });

  it('is fetched again when a blob on the disk is damaged', async () => {
    const manifest = site.addContent({ 'a.txt': { text: 'aaa' } });
    const at = await provide(manifest);
    rmSync(at, { recursive: true });
    writeFileSync(join(folder, 'cache/blobs/sha256', digestOfBytes('aaa').slice(7)), 'xxx');
    await provide(manifest);
    expect(readFileSync(join(at, 'a.txt'), 'utf8')).toBe('aaa');
    expect(downloads()).toHaveLength(2);
  });

  it.each([
    ['other bytes', Buffer.from('bbb')],
    ['more bytes', Buffer.from('aaaa')],
  ])('comes from the next address when the first one gives %s, which are never used', async (_, wrong) => {
    site.points = ['dp1', 'dp2'];
    site.serve = (point, bytes) => (point === 'dp1' ? wrong : bytes);
    const at = await provide(site.addContent({ 'a.txt': { text: 'aaa' } }));
    expect(readFileSync(join(at, 'a.txt'), 'utf8')).toBe('aaa');
    expect(logLines.join('')).toContain('content.digest-mismatch');
    expect(logLines.join('')).not.toContain('signature=');
  });

  it.each([
    ['wrong bytes', 'wrong-bytes', (bytes: Buffer) => Buffer.alloc(bytes.length, 'b')],
    ['a copy that ends early', 'truncated', (bytes: Buffer) => bytes.subarray(0, 1000)],
  ] as const)('sets a point with %s aside, and tells the site of it once', async (_, problem, spoil) => {
    site.points = ['dp1', 'dp2'];
    site.serve = (point, bytes) => (point === 'dp1' ? spoil(bytes) : bytes);
    const bytes = Buffer.alloc(100_000, 'x');
    const manifest = site.addContent({ big: { text: bytes } });
    expect(readFileSync(join(await provide(manifest), 'big')).equals(bytes)).toBe(true);
    expect(site.contentFaults).toEqual([{ manifest, digest: digestOfBytes(bytes), point: 'dp1', problem }]);
    // The second point sends what the first one had not, where that was right.
    const rest = problem === 'truncated' ? ' bytes=1000-' : '';
    expect(downloads()[1]).toBe(`GET /dp2/${digestOfBytes(bytes)}${rest}`);
  });

  it('asks a point with a bad copy last from then on, for that file', async () => {
    site.points = ['dp1', 'dp2'];
    let second = 0;
    site.fault = (request) => {
      if (request.startsWith('GET /dp1')) return { status: 404 };
      return request.startsWith('GET /dp2') && second++ < 2 ? { status: 503 } : undefined;
    };
    await provide(site.addContent({ 'a.txt': { text: 'aaa' } }));
    expect(downloads().map((request) => request.slice(5, 8))).toEqual(['dp1', 'dp2', 'dp2', 'dp1', 'dp2']);
    expect(site.contentFaults).toMatchObject([{ point: 'dp1', problem: 'missing' }]);
  });

  it('comes although the site cannot be told of a bad copy', async () => {
    site.points = ['dp1', 'dp2'];
    site.serve = (point, bytes) => (point === 'dp1' ? Buffer.from('bbb') : bytes);
    site.fault = (request) => (request.endsWith('content-faults') ? { status: 404 } : undefined);
    const at = await provide(site.addContent({ 'a.txt': { text: 'aaa' } }));
    expect(readFileSync(join(at, 'a.txt'), 'utf8')).toBe('aaa');
    expect(logLines.join('')).toContain('could not be told of bad copies');
  });

  it('is not available when every address gives wrong bytes; nothing is left that could be used', async () => {
    site.serve = () => Buffer.from('bbb');
    const manifest = site.addContent({ 'a.txt': { text: 'aaa' } });
    await expect(provide(manifest)).rejects.toMatchObject({ code: 'content.digest-mismatch' });
    expect(readdirSync(join(folder, 'cache/blobs/sha256'))).toEqual([]);
    expect(readdirSync(join(folder, 'cache/partial'))).toEqual([]);
    expect(existsSync(join(folder, 'cache/packages', manifest.slice(7)))).toBe(false);
  });

  it('is continued from where a broken connection left it', async () => {
    const bytes = Buffer.alloc(300_000, 'x');
    const manifest = site.addContent({ big: { text: bytes } });
    // As a download leaves it that was killed in the middle.
    writeFileSync(join(folder, 'cache/partial', digestOfBytes(bytes).slice(7)), bytes.subarray(0, 100_000));
    const at = await provide(manifest);
    expect(readFileSync(join(at, 'big')).equals(bytes)).toBe(true);
    expect(downloads()).toEqual([`GET /dp1/${digestOfBytes(bytes)} bytes=100000-`]);
  });

  it('is begun anew when what was there to continue is wrong', async () => {
    const bytes = Buffer.alloc(300_000, 'x');
    const manifest = site.addContent({ big: { text: bytes } });
    writeFileSync(join(folder, 'cache/partial', digestOfBytes(bytes).slice(7)), 'wrong beginning');
    const at = await provide(manifest);
    expect(readFileSync(join(at, 'big')).equals(bytes)).toBe(true);
  });

  it('asks for new addresses when those it has expired', async () => {
    let refusals = 0;
    site.fault = (request) => (request.startsWith('GET /dp') && refusals++ < 1 ? { status: 403 } : undefined);
    await provide(site.addContent({ 'a.txt': { text: 'aaa' } }));
    expect(site.requests.filter((request) => request.endsWith('content-locations'))).toHaveLength(3);
  });

  it('is refused with the clocks as the reason when a point finds addresses outdated that have just come', async () => {
    const signedAt = new Date(Date.now() - 40 * 60_000).toISOString().replaceAll(/\.\d+|[-:]/g, '');
    site.signature += `&X-Amz-Date=${signedAt}&X-Amz-Expires=900`;
    site.fault = (request) => (request.startsWith('GET /dp') ? { status: 403 } : undefined);
    await expect(provide(site.addContent({ 'a.txt': { text: 'aaa' } }))).rejects.toMatchObject({
      code: 'content.download-failed',
      message: expect.stringContaining("its clock is 40 minutes ahead of the site's. Set both clocks, best by NTP"),
    });
  });

  it('survives connections that drop, answers of 503, and sessions that end', async () => {
    let faults = 0;
    site.fault = (request) => {
      if (request.endsWith('sessions') || faults >= 3) return undefined;
      faults += 1;
      if (faults === 3) site.endSessions();
      return faults % 2 === 0 ? 'drop' : { status: 503, headers: { 'retry-after': '0' } };
    };
    const at = await provide(site.addContent(files));
    expect(readFileSync(join(at, 'data/deep/a.txt'), 'utf8')).toBe('aaa');
  });

  it('is refused when the site sends another manifest than policy names', async () => {
    const manifest = site.addContent({ 'a.txt': { text: 'aaa' } });
    const other = { files: [{ path: 'b.txt', digest: digestOfBytes('bbb'), size: 3 }] };
    site.manifests.set(manifest, other);
    expect(digestOf(other)).not.toBe(manifest);
    await expect(provide(manifest)).rejects.toMatchObject({ code: 'content.manifest-mismatch' });
    expect(downloads()).toEqual([]);
  });

  it('never leaves its folder, whatever the manifest says', async () => {
    const bytes = Buffer.from('evil');
    const climbing = { files: [{ path: '../../evil', digest: digestOfBytes(bytes), size: 4 }] };
    site.files.set(digestOfBytes(bytes), bytes);
    site.manifests.set(digestOf(climbing), climbing);
    await expect(provide(digestOf(climbing))).rejects.toMatchObject({ code: 'server.invalid-answer' });
    expect(downloads()).toEqual([]);
  });

  it('of many files is asked for in questions of at most 500', async () => {
    const many = Object.fromEntries(Array.from({ length: 620 }, (_, n) => [`f${n}`, { text: `content ${n}` }]));
    const at = await provide(site.addContent(many));
    expect(readdirSync(at)).toHaveLength(620);
    // One for the manifest, two for the files.
    expect(site.requests.filter((request) => request.endsWith('content-locations'))).toHaveLength(3);
  });

  it('says that the disk is full, and goes on when there is room again', async () => {
    const manifest = site.addContent({ 'a.txt': { text: 'aaa' } });
    const partial = join(folder, 'cache/partial', digestOfBytes('aaa').slice(7));
    // Whatever is written there does not fit.
    symlinkSync('/dev/full', partial);
    await expect(provide(manifest)).rejects.toMatchObject({
      code: 'content.no-space',
      message: expect.stringContaining('is full'),
    });
    rmSync(partial);
    expect(readFileSync(join(await provide(manifest), 'a.txt'), 'utf8')).toBe('aaa');
  });

  it('stops when told to, and goes on later with what came', async () => {
    const manifest = site.addContent({ 'a.txt': { text: 'aaa' } });
    const stop = new AbortController();
    site.fault = (request) => {
      if (request.startsWith('GET /dp')) stop.abort(new Error('told to stop'));
      return undefined;
    };
    await expect(provide(manifest, stop.signal)).rejects.toThrow('told to stop');
    site.fault = () => undefined;
    await expect(provide(manifest)).resolves.toMatch(/packages/);
  });

  describe('in a cache of 1 MiB', () => {
    let needed: Set<Digest>;
    const large = (letter: string, bytes = 400_000): Digest =>
      site.addContent({ f: { text: Buffer.alloc(bytes, letter) } });
    const has = (digest: Digest): boolean => existsSync(join(folder, 'cache/packages', digest.slice(7), 'f'));

    beforeEach(() => {
      needed = new Set();
      cache = small();
    });
    const small = (): ContentCache => new ContentCache({ ...options, megabytes: 1, needed: () => needed });

    it('takes the place of what was used longest ago', async () => {
      const [a, b, c] = [large('a'), large('b'), large('c')];
      await provide(a);
      await provide(b);
      const longAgo = new Date(Date.now() - 3_600_000);
      utimesSync(join(folder, 'cache/manifests', `${b.slice(7)}.json`), longAgo, longAgo);
      await provide(c);
      expect([a, b, c].map(has)).toEqual([true, false, true]);
      await expect(provide(b)).resolves.toMatch(/packages/);
    });

    it('never takes the place of what a run needs, also when another process begins there', async () => {
      const [a, b, c] = [large('a'), large('b'), large('c')];
      needed = new Set([a, b]);
      await provide(a);
      await provide(b);
      cache = small();
      await expect(provide(c)).rejects.toMatchObject({ code: 'content.cache-full' });
      needed = new Set([a]);
      await provide(c);
      expect([a, b, c].map(has)).toEqual([true, false, true]);
    });

    it('keeps what was used lately as long as the site wants that, and goes by what it wants now', async () => {
      let cacheKeepMinutes: number | undefined = 60;
      cache = new ContentCache({ ...options, megabytes: 1, settings: () => ({ cacheKeepMinutes }) });
      const [a, b, c] = [large('a'), large('b'), large('c')];
      await provide(a);
      await provide(b);
      await expect(provide(c)).rejects.toMatchObject({
        code: 'content.cache-full',
        message: expect.stringContaining('what was used in the last 60 minutes'),
      });
      const longAgo = new Date(Date.now() - 2 * 3_600_000);
      utimesSync(join(folder, 'cache/manifests', `${b.slice(7)}.json`), longAgo, longAgo);
      await provide(c);
      expect([a, b, c].map(has)).toEqual([true, false, true]);
      cacheKeepMinutes = undefined;
      await provide(b);
      expect([a, b, c].map(has)).toEqual([false, true, true]);
    });

    it('has the size that the site wants, whatever it was begun with', async () => {
      cache = new ContentCache({ ...options, megabytes: 9, settings: () => ({ cacheMegabytes: 1 }) });
      await expect(provide(large('x', 1_100_000))).rejects.toMatchObject({
        code: 'content.larger-than-cache',
        message: expect.stringContaining('cacheMegabytes'),
      });
    });

    it('keeps to its size when all is laid out: blobs stay as far as there is room beside the folders', async () => {
      const a = large('a', 800_000);
      const at = await provide(a);
      const kept = (): number => {
        const files = readdirSync(join(folder, 'cache'), { recursive: true, withFileTypes: true });
        const bytes = files.map((one) => (one.isFile() ? statSync(join(one.parentPath, one.name)).size : 0));
        return bytes.reduce((sum, size) => sum + size, 0);
      };
      expect(kept()).toBeLessThanOrEqual(1024 * 1024);
      // Others can tell how large it may get.
      expect(new ContentFolders(join(folder, 'cache')).notedLimit()).toBe(1);
      // What is there is not fetched again; nothing but the blob is gone.
      const before = downloads().length;
      expect(await provide(a)).toBe(at);
      await provide(large('b', 100_000));
      expect([has(a), downloads().length - before]).toEqual([true, 1]);
      expect(kept()).toBeLessThanOrEqual(1024 * 1024);
    });

    it('fails when it is larger than the whole cache; nothing is fetched and nothing removed', async () => {
      const a = large('a');
      await provide(a);
      const before = downloads().length;
      await expect(provide(large('x', 1_100_000))).rejects.toMatchObject({ code: 'content.larger-than-cache' });
      expect(downloads()).toHaveLength(before);
      expect(has(a)).toBe(true);
    });
  });
});
