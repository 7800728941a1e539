import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collection } from '@muster/contracts/kinds/collection.js';
import { deployment } from '@muster/contracts/kinds/deployment.js';
import { device } from '@muster/contracts/kinds/device.js';
import { packageKind } from '@muster/contracts/kinds/package.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import { until } from '@muster/testing/until.js';
import { ApiClient } from '../src/api/api-client.js';
import { runCli } from '../src/program.js';
import { captureTerminal } from './capture-terminal.js';
import { SiteOnPaper, TOKEN } from './site-on-paper.js';

let site: SiteOnPaper;
let folder: string;

beforeEach(async () => {
  site = await SiteOnPaper.start();
  folder = mkdtempSync(join(tmpdir(), 'muster-cli-'));
});

afterEach(async () => {
  await site.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function muster(argv: readonly string[], extra: { environment?: Record<string, string>; input?: string } = {}) {
  const environment = { MUSTER_CONFIG: join(folder, 'config.json'), MUSTER_SERVER: site.url, MUSTER_TOKEN: TOKEN };
  const terminal = captureTerminal({ ...environment, ...extra.environment }, extra.input);
  const exitCode = await runCli(argv, terminal);
  return { exitCode, out: terminal.stdout(), error: terminal.stderr() };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const two = `apiVersion: muster/v1
kind: Deployment
metadata: { name: d }
spec: { sequence: s, collection: c, purpose: Required }
---
apiVersion: muster/v1
kind: Collection
metadata: { name: c }
spec: { rules: [] }
`;

describe('apply', () => {
  it('creates, says unchanged the second time, and configured after a change', async () => {
    const path = file('two.yaml', two);
    expect(await muster(['apply', '-f', path])).toEqual({
      exitCode: 0,
      out: 'collection/c created\ndeployment/d created',
      error: '',
    });
    expect((await muster(['apply', '-f', path])).out).toBe('collection/c unchanged\ndeployment/d unchanged');
    file(
      'two.yaml',
      two.replace('rules: []', 'rules: [{ allDevices: true }]').replace('name: d', 'name: d, labels: { a: b }'),
    );
    expect((await muster(['apply', '-f', folder])).out).toBe('collection/c configured\ndeployment/d configured');
  });

  it('keeps nothing in a dry run', async () => {
    const { out } = await muster(['apply', '-f', '-', '--dry-run=server'], { input: two });
    expect(out).toBe('collection/c created (dry run)\ndeployment/d created (dry run)');
    expect(site.read(collection, 'c')).toBeUndefined();
  });

  it('goes on behind refused documents, says where each finding is, and ends with 1', async () => {
    const path = file(
      'mixed.yaml',
      `${two}---\napiVersion: muster/v1\nkind: Package\nmetadata: { name: p }\nspec:\n  version: 5\n`,
    );
    const { exitCode, out, error } = await muster(['apply', '-f', path]);
    expect(exitCode).toBe(1);
    expect(out).toBe('collection/c created\ndeployment/d created');
    expect(error).toContain(`error: document.invalid: package/p (${path}:11): The body is not valid`);
    expect(error).toContain(`${path}:15:3: error document.invalid-value /spec/version:`);
  });

  it('ends with 3 when all there is is not valid, and asks the site nothing for unknown kinds', async () => {
    const path = file('bad.yaml', 'apiVersion: muster/v1\nkind: Thing\nmetadata: { name: x }\n');
    const { exitCode, error } = await muster(['apply', '-f', path]);
    expect(exitCode).toBe(3);
    expect(error).toContain(`${path}:2:1: error document.unknown-kind /kind: there is no kind "Thing"`);
    expect(site.requests).toEqual([]);
  });

  it('ends with 5 when the object changed since it was read', async () => {
    site.save(collection, 'c', { rules: [] }, { members: 0 });
    const { exitCode, error } = await muster(['apply', '-f', '-'], {
      input:
        'apiVersion: muster/v1\nkind: Collection\nmetadata: { name: c, resourceVersion: "77" }\nspec: { rules: [] }\n',
    });
    expect([exitCode, error]).toEqual([
      5,
      expect.stringContaining('error: resource.stale-version: collection/c (<stdin>:1):'),
    ]);
  });

  it('refuses kinds that the site makes itself', async () => {
    const input = 'apiVersion: muster/v1\nkind: Run\nmetadata: { name: r }\nspec: {}\n';
    expect(await muster(['apply', '-f', '-'], { input })).toMatchObject({
      exitCode: 3,
      error: expect.stringContaining('document.read-only-kind'),
    });
  });
});

describe('get and describe', () => {
  beforeEach(() => {
    for (const name of ['web-1', 'web-2', 'web-3', 'web-4', 'web-5'])
      site.save(device, name, {}, { enrolled: true, facts: { os: { name: 'Debian' } } });
  });

  it('follows every page', async () => {
    const { out } = await muster(['get', 'devices', '-o', 'name']);
    expect(out).toBe('device/web-1\ndevice/web-2\ndevice/web-3\ndevice/web-4\ndevice/web-5');
    expect(site.requests.filter((request) => request.startsWith('GET /api/v1/devices'))).toHaveLength(3);
  });

  it('shows one object by name, also as kind/name', async () => {
    expect(JSON.parse((await muster(['get', 'device', 'web-2', '-o', 'json'])).out)).toEqual(
      site.read(device, 'web-2'),
    );
    expect((await muster(['get', 'device/web-2', '-o', 'yaml'])).out).toContain('name: web-2');
    expect((await muster(['describe', 'device', 'web-2'])).out).toMatch(/Name: +web-2[^]*name: Debian/);
  });

  it('ends with 4 when there is no such object', async () => {
    expect(await muster(['get', 'device', 'nope'])).toEqual({
      exitCode: 4,
      out: '',
      error: 'error: resource.not-found: There is no Device "nope"',
    });
  });

  it('shows changes as they happen until it is interrupted, over a broken stream, nothing twice', async () => {
    const terminal = captureTerminal({
      MUSTER_SERVER: site.url,
      MUSTER_TOKEN: TOKEN,
      MUSTER_CONFIG: join(folder, 'c'),
    });
    const done = runCli(['get', 'devices', '--watch', '-o', 'name'], terminal);
    const shown = (count: number) => until(() => terminal.stdout().split('\n').length >= count);
    await shown(5);
    site.save(device, 'web-6', {}, { enrolled: true });
    await shown(6);
    site.breakStreams();
    site.save(device, 'web-7', {}, { enrolled: true });
    await shown(7);
    terminal.interrupt();
    expect(await done).toBe(130);
    expect(terminal.stdout().split('\n').slice(5)).toEqual(['device/web-6', 'device/web-7']);
    expect(terminal.stderr()).toContain('note: the connection broke; trying again');
    expect(site.headersSeen.some((headers) => headers['last-event-id'] === '6')).toBe(true);
  });

  it('reads everything again when the stream broke in the middle of the listing', async () => {
    site.listsToTheEnd = false;
    const terminal = captureTerminal({
      MUSTER_SERVER: site.url,
      MUSTER_TOKEN: TOKEN,
      MUSTER_CONFIG: join(folder, 'c'),
    });
    const done = runCli(['get', 'devices', '--watch', '-o', 'name'], terminal);
    const shown = (count: number) => until(() => terminal.stdout().split('\n').length >= count);
    await shown(5);
    site.breakStreams();
    await shown(10);
    terminal.interrupt();
    await done;
    expect(site.headersSeen.every((headers) => headers['last-event-id'] === undefined)).toBe(true);
  });
});

describe('delete, diff and deploy', () => {
  it('deletes what documents name in the reverse order', async () => {
    const path = file('two.yaml', two);
    await muster(['apply', '-f', path]);
    expect((await muster(['delete', '-f', path, '--dry-run=server'])).out).toContain('(dry run)');
    expect((await muster(['delete', '-f', path])).out).toBe('deployment/d deleted\ncollection/c deleted');
    expect((await muster(['delete', '-f', path])).exitCode).toBe(4);
    expect(await muster(['delete', '-f', path, '--ignore-not-found'])).toEqual({ exitCode: 0, out: '', error: '' });
  });

  it('shows what apply would change: 0 for nothing, 1 for something', async () => {
    const path = file('two.yaml', two);
    await muster(['apply', '-f', path]);
    expect(await muster(['diff', '-f', path])).toEqual({ exitCode: 0, out: '', error: '' });
    const { exitCode, out } = await muster(['diff', '-f', '-'], {
      input: two.replace('rules: []', 'rules: [{ device: a }]'),
    });
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^--- collection\/c \(site\)\n[^]*\n- {2}rules: \[\]\n\+ {2}rules:\n\+ {4}- device: a$/);
    expect(site.read(collection, 'c')?.spec).toEqual({ rules: [] });
  });

  it('deploys with every setting that fits into a line', async () => {
    const flags = ['--event', 'Startup', '--event', 'LogOff', '--at', '2026-12-01T22:00', '--no-progress'];
    const more = ['--available-to', 'ClientsMediaAndPxe', '--agree-site-server', 'db-1', '--agree-site-server', 'db-2'];
    const said = ['--comment', 'change 4711', '--alert-failed-above', '5'];
    const { exitCode, error } = await muster([
      'deploy',
      's',
      '--to',
      'c',
      '--name',
      'full',
      ...flags,
      ...more,
      ...said,
    ]);
    expect({ exitCode, error }).toEqual({ exitCode: 0, error: 'watch it: muster watch deployment full' });
    expect(site.read(deployment, 'full')?.spec).toEqual({
      sequence: 's',
      collection: 'c',
      purpose: 'Required',
      triggers: [{ schedule: { start: '2026-12-01T22:00' } }, { event: 'Startup' }, { event: 'LogOff' }],
      agreedSiteServers: ['db-1', 'db-2'],
      availableTo: 'ClientsMediaAndPxe',
      showProgress: false,
      alerts: { failedAbovePercent: 5 },
      comment: 'change 4711',
    });
    expect(await muster(['deploy', 's', '--to', 'c', '--event', 'Noon'])).toMatchObject({ exitCode: 2 });
  });

  it('deploys with a name of its own, and refuses to do it twice', async () => {
    expect((await muster(['deploy', 's', '--to', 'c', '--available'])).out).toBe('deployment/s-to-c created');
    expect(site.read(deployment, 's-to-c')?.spec).toEqual({ sequence: 's', collection: 'c', purpose: 'Available' });
    expect(await muster(['deploy', 's', '--to', 'c'])).toMatchObject({ exitCode: 5, out: '' });
  });

  it('repeats a create whose answer was lost under the same idempotency key', async () => {
    const client = new ApiClient({ server: site.url, token: TOKEN }, { patienceSeconds: 100 });
    try {
      expect(await client.find(deployment, 'd')).toBeUndefined();
      site.mishaps.push({ match: /^POST/, status: 503 }, { match: /^POST/, status: 0, hangUp: true });
      const spec = { sequence: 's', collection: 'c', purpose: 'Required' };
      const input = { apiVersion: API_VERSION, kind: 'Deployment', metadata: { name: 'd' }, spec } as const;
      expect((await client.create(deployment, input, 'key-1')).metadata.name).toBe('d');
    } finally {
      await client.close();
    }
    const keys = site.headersSeen.map((headers) => headers['idempotency-key']).filter(Boolean);
    expect(keys).toEqual(['key-1', 'key-1', 'key-1']);
  });

  it('does not wait for a site that was never there', async () => {
    site.mishaps.push({ match: /deployments/, status: 503 });
    const client = new ApiClient({ server: site.url, token: TOKEN }, { patienceSeconds: 1000 });
    await expect(client.find(deployment, 'd')).rejects.toMatchObject({ exitCode: 7 });
    await client.close();
  });
});

describe('a site that does not answer as it should', () => {
  it('ends with 7 and says how to start one when nobody is there', async () => {
    expect(await muster(['get', 'devices', '--server', 'http://127.0.0.1:1'])).toEqual({
      exitCode: 7,
      out: '',
      error: expect.stringMatching(/^error: server\.unreachable: http:\/\/127\.0\.0\.1:1 cannot .*npm start/),
    });
  });

  it('ends with 6 for a wrong token', async () => {
    expect(await muster(['get', 'devices', '--token', 'x'])).toMatchObject({ exitCode: 6 });
  });

  it('ends with 7 when a service is away', async () => {
    site.mishaps.push({ match: /devices/, status: 503 });
    expect(await muster(['get', 'devices'])).toMatchObject({ exitCode: 7, error: 'error: test.mishap: not now' });
  });

  it('says so when something else than a site answers', async () => {
    site.mishaps.push({ match: /devices/, status: 404, body: '<html>' });
    expect(await muster(['get', 'devices'])).toMatchObject({
      exitCode: 4,
      error: expect.stringContaining('server.unexpected-answer'),
    });
    site.mishaps.push({ match: /devices/, status: 200, body: '<html>' });
    expect(await muster(['get', 'devices'])).toMatchObject({ exitCode: 1 });
  });
});

describe('contexts', () => {
  const none = { MUSTER_SERVER: '', MUSTER_TOKEN: '' };

  it('are kept for their owner only, without showing tokens, and used', async () => {
    site.save(packageKind, 'p', {}, { versions: [] });
    const set = ['config', 'set-context', 'here', '--server', `${site.url}/`, '--token', TOKEN];
    expect((await muster(set, { environment: none })).out).toBe('context here created');
    expect(statSync(join(folder, 'config.json')).mode & 0o777).toBe(0o600);
    await muster(['config', 'set-context', 'other', '--server', 'http://other:1'], { environment: none });
    const shown = (await muster(['config', 'get-contexts'], { environment: none })).out;
    expect(shown).toMatch(/\* +here +http:\/\/127/);
    expect(shown).not.toContain(TOKEN);
    expect((await muster(['get', 'packages', '-o', 'name'], { environment: none })).out).toBe('package/p');
    expect((await muster(['config', 'use-context', 'other'], { environment: none })).exitCode).toBe(0);
    expect((await muster(['get', 'packages', '-o', 'name', '--context', 'here'])).out).toBe('package/p');
  });

  it('do not move a token to another address', async () => {
    await muster(['config', 'set-context', 'x', '--server', 'http://a:1', '--token', 't'], { environment: none });
    await muster(['config', 'set-context', 'x', '--server', 'http://b:1'], { environment: none });
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toEqual({
      current: 'x',
      contexts: { x: { server: 'http://b:1' } },
    });
  });

  it('in a damaged file are one clear line and exit code 2', async () => {
    file('config.json', '{');
    expect(await muster(['get', 'devices'])).toMatchObject({
      exitCode: 2,
      error: expect.stringMatching(/config\.invalid: .*config\.json is not JSON/),
    });
  });
});
