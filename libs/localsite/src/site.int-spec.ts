import { connect } from '@nats-io/transport-node';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@muster/testing/free-port.js';
import { Client } from 'pg';
import type { ChildEvent } from './child.js';
import { serviceDatabaseUrl } from './databases.js';
import { tokenDigest } from './keys.js';
import { natsPassword } from './nats.js';
import { type RunningSite, startSite, type StartSiteOptions } from './start-site.js';

/** A site on free ports, without the services that other tests cover; the edge forwards to `upstream`. */
function start(dataFolder: string, upstream: number, more: Partial<StartSiteOptions> = {}): Promise<RunningSite> {
  const edgeRoutes = { catalog: { http: upstream, grpc: 1 } };
  return startSite({ dataFolder, services: [], storeScript: null, edgeRoutes, ...more });
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('a site on one machine', () => {
  // Made by mkdtemp, so only its owner may enter: for root this is the case of a data folder under /root.
  const data = mkdtempSync(join(tmpdir(), 'muster-up-'));
  const events: ChildEvent[] = [];
  let upstream: Server;
  let upstreamPort: number;
  let port: number;
  let site: RunningSite;
  let stopped = false;

  beforeAll(async () => {
    upstream = createServer((request, response) => response.end(`seen ${request.url}`));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    upstreamPort = (upstream.address() as AddressInfo).port;
    port = await freePort();
    site = await start(data, upstreamPort, { port, onEvent: (event) => events.push(event) });
  });

  afterAll(async () => {
    if (!stopped) await site.stop();
    upstream.closeAllConnections();
    upstream.close();
    rmSync(data, { recursive: true, force: true });
  });

  const urlOf = (service: string): string => serviceDatabaseUrl(site.layout, site.ports['postgres'] ?? 0, service);
  const nats = (user: string) =>
    connect({
      servers: `127.0.0.1:${site.ports['nats']}`,
      user,
      pass: natsPassword(site.layout, user),
      inboxPrefix: `_INBOX.${user}`,
      reconnect: false,
    });

  it('forwards from its one public port', async () => {
    expect(site.url).toBe(`http://127.0.0.1:${port}`);
    expect(await (await fetch(`${site.url}/api/v1/task-sequences`)).text()).toBe('seen /api/v1/task-sequences');
  });

  it('gives the admin token once and keeps its digest only', () => {
    expect(site.adminToken).toMatch(/^muster_[A-Za-z0-9_-]{43}$/);
    const kept = readFileSync(join(data, 'keys', 'admin-token.sha256'), 'utf8').trim();
    expect(kept).toBe(tokenDigest(site.adminToken ?? ''));
    for (const name of readdirSync(join(data, 'keys'))) expect(statSync(join(data, 'keys', name)).mode & 0o077).toBe(0);
  });

  it('gives every service a schema of its own that no other can read', async () => {
    await query(urlOf('catalog'), `CREATE TABLE kept (word text); INSERT INTO kept VALUES ('first light')`);
    expect(await query(urlOf('catalog'), 'SELECT word, current_schema() AS schema FROM catalog.kept')).toEqual([
      { word: 'first light', schema: 'catalog' },
    ]);
    for (const other of ['deployment', 'content', 'policy']) {
      await expect(query(urlOf(other), 'SELECT word FROM catalog.kept')).rejects.toThrow(
        'permission denied for schema catalog',
      );
      await expect(query(urlOf(other), 'CREATE TABLE catalog.mine (a int)')).rejects.toThrow(
        'permission denied for schema catalog',
      );
      await expect(query(urlOf(other), 'CREATE TABLE public.mine (a int)')).rejects.toThrow(
        'permission denied for schema public',
      );
      await expect(query(urlOf(other), 'SET ROLE catalog')).rejects.toThrow('permission denied');
    }
    const wrong = urlOf('catalog').replace(/:[^:@]+@/, ':wrong@');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('commits durably', async () => {
    expect(await query(urlOf('catalog'), 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(await query(urlOf('catalog'), 'SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
  });

  it("lets a service's NATS user state its own facts, answer its own questions, and nothing else", async () => {
    const service = await nats('catalog');
    const operator = await nats('ops');
    try {
      const heard = new Promise<string>((resolve) => {
        operator.subscribe('muster.evt.catalog.v1.test.S01', {
          callback: (_error, message) => resolve(message.string()),
          max: 1,
        });
      });
      await operator.flush();
      service.publish('muster.evt.catalog.v1.test.S01', 'hello');
      expect(await heard).toBe('hello');
      const info = await service.request('$JS.API.INFO', '', { timeout: 30_000 });
      expect(info.json()).toMatchObject({ type: 'io.nats.jetstream.api.v1.account_info_response' });
      for (const subject of [
        'muster.req.policy.v1.test.S01',
        'muster.evt.policy.>',
        '_INBOX.policy.>',
        '$SYS.>',
        '>',
      ]) {
        const refused = await new Promise<Error | null>((resolve) => {
          service.subscribe(subject, { callback: (error) => resolve(error) });
          void service.flush();
        });
        expect(String(refused)).toMatch(/permission/i);
      }
      await expect(connect({ servers: `127.0.0.1:${site.ports['nats']}`, reconnect: false })).rejects.toThrow(
        /authorization/i,
      );
    } finally {
      await service.close();
      await operator.close();
    }
  });

  it.each(['postgres', 'nats', 'edge'])('brings %s back after kill -9', async (name) => {
    const pid = site.supervisor.pids()[name];
    const back = new Promise<ChildEvent>((resolve) => {
      site.supervisor.on('child', (event) => {
        if (event.name === name && event.state === 'ready') resolve(event);
      });
    });
    process.kill(pid ?? 0, 'SIGKILL');
    expect((await back).pid).not.toBe(pid);
    const states = events.filter((event) => event.name === name).map((event) => event.state);
    // Once, as a rule; on a busy machine what the killed one left (memory, a port) may be there for a moment longer.
    expect(states.join(' ')).toMatch(/^starting ready( crashed restarting starting)+ ready$/);
    expect(await query(urlOf('catalog'), 'SELECT word FROM kept')).toHaveLength(1);
    expect((await fetch(`${site.url}/api/v1/task-sequences`)).status).toBe(200);
  });

  it('lets nobody else start on the same data', async () => {
    await expect(start(data, upstreamPort)).rejects.toMatchObject({ code: 'up.already-running' });
  });

  it('names the public port that is in use, and the way out', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-up-'));
    try {
      const failure = start(folder, upstreamPort, { port });
      await expect(failure).rejects.toMatchObject({
        code: 'up.port-in-use',
        message: expect.stringMatching(new RegExp(`${port}.*--port`)),
      });
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('resumes the same site with its data, its ports and its secrets', async () => {
    await site.stop();
    await expect(fetch(site.url)).rejects.toThrow('fetch failed');
    const before = { ports: site.ports, siteFile: readFileSync(join(data, 'site.json'), 'utf8') };
    site = await start(data, upstreamPort);
    expect(site.adminToken).toBeUndefined();
    expect(site.firstStart).toBe(false);
    expect(site.ports).toEqual(before.ports);
    expect(readFileSync(join(data, 'site.json'), 'utf8')).toBe(before.siteFile);
    expect(await query(urlOf('catalog'), 'SELECT word FROM kept')).toEqual([{ word: 'first light' }]);
  });

  it('moves an inner port that somebody else took, and says so', async () => {
    await site.stop();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(site.ports['nats'], '127.0.0.1', resolve));
    const notes: string[] = [];
    const taken = site.ports['nats'];
    site = await start(data, upstreamPort, { onNote: (line) => notes.push(line) });
    squatter.close();
    expect(site.ports['nats']).not.toBe(taken);
    expect(notes).toEqual([`port ${taken} of nats is taken by another program; nats now uses ${site.ports['nats']}`]);
    expect(await query(urlOf('catalog'), 'SELECT word FROM kept')).toHaveLength(1);
  });

  it('replaces a lost admin token on demand', async () => {
    await site.stop();
    site = await start(data, upstreamPort, { renewAdminToken: true });
    expect(site.adminToken).toMatch(/^muster_/);
    await site.stop();
    stopped = true;
  });
});

describe('a data folder that cannot be used', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-up-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is left alone when it has another layout version', async () => {
    const text = '{"layoutVersion": 7, "siteCode": "S01"}';
    writeFileSync(join(folder, 'site.json'), text);
    await expect(start(folder, 1)).rejects.toMatchObject({
      code: 'up.layout-version',
      message: expect.stringContaining('7'),
    });
    expect(readdirSync(folder)).toEqual(['site.json']);
    expect(readFileSync(join(folder, 'site.json'), 'utf8')).toBe(text);
  });

  it.each([
    'not json',
    '{"layoutVersion": 1}',
    '{"layoutVersion":1,"siteCode":"toolong","createdAt":"2026-01-01T00:00:00Z","ports":{}}',
  ])('is left alone when site.json is %j', async (text) => {
    writeFileSync(join(folder, 'site.json'), text);
    await expect(start(folder, 1)).rejects.toMatchObject({ code: 'up.damaged-site-file' });
    expect(readdirSync(folder)).toEqual(['site.json']);
  });

  it('is named when it cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    const inside = join(folder, 'file', 'data');
    await expect(start(inside, 1)).rejects.toMatchObject({
      code: 'up.not-writable',
      message: expect.stringContaining(inside),
    });
  });
});
