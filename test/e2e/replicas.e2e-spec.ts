import { createHash } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AlertSpec, AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import type { Event } from '@muster/contracts/kinds/event.js';
import type { RunSpec, RunStatus } from '@muster/contracts/kinds/run.js';
import type { Resource } from '@muster/contracts/resource.js';
import { serviceDatabaseUrl } from '@muster/localsite/databases.js';
import { edgeChild, siteRoutes } from '@muster/localsite/edge.js';
import { readSiteFile, siteLayout } from '@muster/localsite/layout.js';
import { builtApp } from '@muster/localsite/repository.js';
import { serviceChild, serviceNames } from '@muster/localsite/services.js';
import { freePort } from '@muster/testing/free-port.js';
import { until } from '@muster/testing/until.js';
import { Client } from 'pg';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');
const WRITES = 60;

const sequence = (name: string, command: string) => ({
  apiVersion: 'muster/v1',
  kind: 'TaskSequence',
  metadata: { name },
  spec: {
    steps: [
      { step: 'Get', type: 'DownloadPackageContent', settings: { packages: ['hello'], variable: 'Hello' } },
      { step: 'Do', type: 'RunCommandLine', settings: { command, shell: true } },
    ],
  },
});

/** As on Kubernetes: every service twice, on one database, bus and store, and a load balancer that sends a client to either. */
describe('two processes of every service', () => {
  let site: SiteUnderTest;
  let second: string;
  const children: ChildProcess[] = [];

  const start = (script: string, env: Record<string, string>, ...args: string[]) =>
    children.push(
      spawn(process.execPath, [script, ...args], { env: { ...site.environment, ...env }, stdio: 'ignore' }),
    );
  const call = async <T>(base: string, method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${base}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${site.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const both = () => [site.url, second];
  const either = (index: number) => both()[index % 2] ?? site.url;
  const policyOf = async (base: string, name: string) =>
    (await call<Resource<DeploymentSpec, DeploymentStatus>>(base, 'GET', `/deployments/${name}`)).status.policy?.state;
  const query = async <Row extends object>(service: string, sql: string): Promise<Row[]> => {
    const layout = siteLayout(site.data);
    const port = readSiteFile(layout)?.ports['postgres'] ?? 0;
    const client = new Client({ connectionString: serviceDatabaseUrl(layout, port, service) });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  };

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
    const layout = siteLayout(site.data);
    const ports: Record<string, number> = { ...readSiteFile(layout)?.ports };
    for (const name of serviceNames) {
      ports[`${name}-http`] = await freePort();
      ports[`${name}-grpc`] = await freePort();
    }
    const adminTokenDigest = createHash('sha256').update(site.token).digest('hex');
    const facts = { layout, siteCode: 'S01', ports, logLevel: 'warn', pollSeconds: 1, adminTokenDigest };
    for (const name of serviceNames) {
      const { script, env } = serviceChild({ name, script: builtApp(name) }, facts);
      start(script ?? '', { ...env, MUSTER_MIGRATE: 'false' });
    }
    const port = await freePort();
    const edge = edgeChild(builtApp('edge'), '127.0.0.1', port, siteRoutes(ports), 'warn');
    start(edge.script ?? '', edge.env ?? {});
    second = `http://127.0.0.1:${port}`;
    for (const path of ['/task-sequences', '/devices', '/packages', '/enrolment-tokens'])
      await until(() =>
        fetch(`${second}/api/v1${path}`, { headers: { authorization: `Bearer ${site.token}` } }).then(
          ({ status }) => status === 200,
          () => false,
        ),
      );
  });

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await site?.remove();
  });

  it('carry content and a run once, whichever of them is asked', async () => {
    mkdirSync(join(site.folder, 'hello'));
    writeFileSync(join(site.folder, 'hello', 'hello.txt'), 'hello');
    await call(site.url, 'POST', '/packages', {
      apiVersion: 'muster/v1',
      kind: 'Package',
      metadata: { name: 'hello' },
      spec: {},
    });
    await site.ok('content', 'upload', 'hello', join(site.folder, 'hello'));
    await site.ok('content', 'distribute', 'hello', '--to', 'local');
    const count = join(site.folder, 'ran');
    await call(second, 'POST', '/task-sequences', sequence('fails', `echo ran >> ${count}; exit 3`));
    await call(site.url, 'POST', '/collections', {
      apiVersion: 'muster/v1',
      kind: 'Collection',
      metadata: { name: 'everyone' },
      spec: { rules: [{ allDevices: true }] },
    });
    const token = (await site.ok('enrolment-token', 'create')).trim();
    const state = join(site.folder, 'agent');
    const enrol = ['enrol', '--server', second, '--name', 'desk', '--state', state];
    expect(await run(AGENT, enrol, { ...site.environment, MUSTER_ENROLMENT_TOKEN: token })).toMatchObject({ code: 0 });
    start(AGENT, {}, 'daemon', '--state', state);
    await call(site.url, 'POST', '/deployments', {
      apiVersion: 'muster/v1',
      kind: 'Deployment',
      metadata: { name: 'fails' },
      spec: { sequence: 'fails', collection: 'everyone', purpose: 'Required', alerts: { failedAbovePercent: 0 } },
    });
    const alert = () =>
      call<Resource<AlertSpec, AlertStatus>>(second, 'GET', '/alerts/fails-failed').catch(() => undefined);
    await until(async () => (await alert())?.status.state === 'active');
    expect((await alert())?.status.raised).toBe(1);
    for (const base of both()) {
      const { items } = await call<{ items: Resource<RunSpec, RunStatus>[] }>(base, 'GET', '/runs');
      expect(items.map(({ status }) => [status.state, status.steps?.map((one) => one.state)])).toEqual([
        ['failed', ['succeeded', 'failed']],
      ]);
      const events = await call<{ items: Event[] }>(base, 'GET', '/events');
      const types = events.items.map(({ type }) => type);
      for (const type of ['alert.raised', 'run.failed', 'device.enrolled'])
        expect([type, types.filter((one) => one === type).length]).toEqual([type, 1]);
    }
  });

  it('keep what either acknowledged, and tell it once, while those of one side are killed again and again', async () => {
    const names = Array.from({ length: WRITES }, (_, index) => `d-${index}`);
    /** As a client does behind a load balancer: again and to either, until it is answered. */
    const persist = async (index: number, path: string, document: unknown) => {
      let turn = index;
      await until(() =>
        call(either(turn++), 'POST', path, document).then(
          () => true,
          // The answer to an earlier try was lost, what it wrote was not.
          (error: Error) => error.message.includes('resource.name-taken'),
        ),
      );
    };
    const writing = new AbortController();
    const killer = (async () => {
      for (let round = 0; !writing.signal.aborted; round++) {
        const name = serviceNames[round % serviceNames.length] ?? 'policy';
        const pid = site.pids()[name];
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
        await until(() => writing.signal.aborted || (site.pids()[name] ?? pid) !== pid);
      }
    })();
    try {
      for (let first = 0; first < WRITES; first += 6)
        await Promise.all(
          names.slice(first, first + 6).map(async (name, offset) => {
            await persist(offset, '/task-sequences', sequence(name, 'true'));
            const spec = { sequence: name, collection: 'everyone', purpose: 'Available' };
            await persist(offset, '/deployments', {
              apiVersion: 'muster/v1',
              kind: 'Deployment',
              metadata: { name },
              spec,
            });
          }),
        );
    } finally {
      writing.abort();
      await killer;
    }
    for (const name of names) await until(async () => (await policyOf(second, name)) === 'compiled');
  });

  it('give every fact one position, and apply each once', async () => {
    const heads = new Map<string, number>();
    for (const name of serviceNames) {
      const [facts] = await query<{ head: string; facts: string; positions: string }>(
        name,
        `select (select position from outbox_head) as head, count(*) as facts, count(distinct position) as positions from outbox`,
      );
      expect([name, facts?.facts, facts?.positions]).toEqual([name, facts?.head, facts?.head]);
      heads.set(name, Number(facts?.head));
    }
    for (const name of serviceNames) {
      const inbox = () => query<{ producer: string; position: string }>(name, 'select producer, position from inbox');
      await until(async () =>
        (await inbox()).every(({ producer, position }) => Number(position) >= (heads.get(producer) ?? 0)),
      );
      expect([name, await query(name, 'select * from inbox_parked')]).toEqual([name, []]);
    }
  });
});
