import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunStatus } from '@muster/contracts/kinds/run.js';
import type { Resource } from '@muster/contracts/resource.js';
import { until } from '@muster/testing/until.js';
import { reflectedServices } from './reflection-client.js';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');
const SERVICES = ['catalog', 'deployment', 'content', 'policy'];

describe('a site, through its public doors,', () => {
  let site: SiteUnderTest;
  let agent: ChildProcess | undefined;
  const agentState = () => join(site.folder, 'agent');
  const gate = () => join(site.folder, 'gate');
  const open = (name: string) => writeFileSync(join(gate(), name), '');
  const startAgent = () => {
    agent = spawn(process.execPath, [AGENT, 'daemon', '--state', agentState()], {
      env: site.environment,
      stdio: 'ignore',
    });
  };
  const runs = async () =>
    (JSON.parse(await site.ok('get', 'runs', '-o', 'json')) as { items: Resource<unknown, RunStatus>[] }).items;
  /** True once the site knows that this step of the only run has begun. */
  const isRunning = async (path: string) => {
    const response = await site.rest('/api/v1/runs').catch(() => undefined);
    if (!response?.ok) return false;
    const { items } = (await response.json()) as { items: Resource<unknown, RunStatus>[] };
    return items.some(({ status }) => status.steps.some((step) => step.path === path && step.state === 'running'));
  };
  /** kill -9, and waits until the supervisor has brought another one. */
  const killHard = async (name: string) => {
    const before = site.pids()[name] ?? 0;
    process.kill(before, 'SIGKILL');
    await until(() => (site.pids()[name] ?? before) !== before);
  };

  beforeAll(async () => {
    site = await SiteUnderTest.create();
    site.commandsAreProcesses = true;
    mkdirSync(gate());
    cpSync(join(import.meta.dirname, 'journey'), join(site.folder, 'journey'), { recursive: true });
    const file = join(site.folder, 'journey', 'journey.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('@GATE@', gate()));
    await site.up();
  });

  afterAll(async () => {
    agent?.kill('SIGKILL');
    await site?.remove();
  });

  it('shows the admin token once and keeps only its hash', () => {
    expect(site.output).toContain(site.token);
    for (const name of ['catalog', 'policy'])
      expect(readFileSync(join(site.data, 'logs', `${name}.log`), 'utf8')).not.toContain(site.token);
  });

  it('has a distribution point, and takes a package with content, a collection and a sequence', async () => {
    const token = (await site.ok('enrolment-token', 'create')).trim();
    const enrolled = await run(
      AGENT,
      ['enrol', '--server', site.url, '--name', 'journey-device', '--state', agentState()],
      {
        ...site.environment,
        MUSTER_ENROLMENT_TOKEN: token,
      },
    );
    expect([enrolled.code, enrolled.stderr]).toEqual([0, expect.any(String)]);
    await until(async () => (await site.ok('get', 'devices')).includes('journey-device'));
    expect(await site.ok('get', 'distribution-points')).toContain('local');
    const applied = await site.ok('apply', '-f', join(site.folder, 'journey', 'journey.yaml'));
    for (const name of ['package/tool', 'distribution/tool', 'collection/pilot', 'taskSequence/journey']) {
      expect(applied).toContain(`${name} created`);
    }
    await site.ok('content', 'upload', 'tool', join(site.folder, 'journey', 'packages', 'tool'));
    await until(async () =>
      (await site.ok('get', 'distribution', 'tool', '-o', 'json')).includes('"state": "available"'),
    );
    expect(await site.ok('describe', 'task-sequence', 'journey')).toContain('sha256:');
    expect(await site.ok('apply', '-f', join(site.folder, 'journey', 'journey.yaml'))).toContain(
      'taskSequence/journey unchanged',
    );
  });

  it('runs a required deployment to its end while every service, the broker with its disk and the database are killed, and reports each step once', async () => {
    await site.ok('deploy', 'journey', '--to', 'pilot', '--name', 'journey');
    const watching = site.muster('watch', 'deployment', 'journey');
    startAgent();
    for (const service of SERVICES) {
      const path = service === 'deployment' ? 'Survive/Wait for deployment' : `Wait for ${service}`;
      await until(() => isRunning(path), 120_000);
      await killHard(service);
      open(service);
    }
    await until(() => isRunning('Wait for nats'), 120_000);
    const natsBefore = site.pids()['nats'] ?? 0;
    process.kill(natsBefore, 'SIGKILL');
    // Out of the way in one step: the next broker must not find half of it, nor lose files of its own.
    renameSync(join(site.data, 'nats', 'jetstream'), join(site.folder, 'wiped'));
    open('nats');
    await until(() => isRunning('Wait for postgres'), 120_000);
    await killHard('postgres');
    open('postgres');
    const watched = await watching;
    expect([watched.code, watched.stderr]).toEqual([0, expect.any(String)]);

    const [finished, ...others] = await runs();
    expect(others).toEqual([]);
    expect(finished?.status.state).toBe('succeeded');
    expect(finished?.status.steps.map(({ path, state, exitCode }) => [path, state, exitCode ?? null])).toEqual([
      ['Prepare/Kernel', 'succeeded', 0],
      ['Prepare/Compose', 'succeeded', 0],
      ['Prepare/Never', 'skipped', null],
      ['Wait for catalog', 'succeeded', 0],
      ['Survive/Wait for deployment', 'succeeded', 0],
      ['Survive/Fail', 'failed', 7],
      ['Survive/Abandoned', 'skipped', null],
      ['Wait for content', 'succeeded', 0],
      ['Install tool', 'succeeded', 0],
      ['Wait for policy', 'succeeded', 0],
      ['Wait for nats', 'succeeded', 0],
      ['Wait for postgres', 'succeeded', 0],
      ['Own exit code', 'succeeded', 5],
    ]);
    expect(readFileSync(join(gate(), 'installed', 'tool.txt'), 'utf8')).toContain('downloaded and verified');
  }, 600_000);

  it('says over gRPC with reflection, on the same port, what it says over REST', async () => {
    const { services, list } = await reflectedServices(`127.0.0.1:${site.port}`, site.token);
    expect(services).toEqual(
      expect.arrayContaining([
        'muster.catalog.v1.TaskSequenceService',
        'muster.content.v1.PackageService',
        'muster.deployment.v1.RunService',
        'muster.policy.v1.TokenService',
      ]),
    );
    for (const [path, service] of [
      ['devices', 'muster.deployment.v1.DeviceService'],
      ['task-sequences', 'muster.catalog.v1.TaskSequenceService'],
      ['packages', 'muster.content.v1.PackageService'],
    ] as const) {
      const rest = (await (await site.rest(`/api/v1/${path}`)).json()) as object;
      expect([path, await list(service)]).toEqual([path, rest]);
    }
  });

  it('offers every service a documentation page, to those who sign in', async () => {
    for (const service of SERVICES) {
      const page = `${site.url}/docs/${service}/`;
      expect([service, (await fetch(page)).status]).toEqual([service, 401]);
      const basic = Buffer.from(`anyone:${site.token}`).toString('base64');
      const answer = await fetch(page, { headers: { authorization: `Basic ${basic}` } });
      expect([service, answer.status, answer.headers.get('content-type')]).toEqual([
        service,
        200,
        expect.stringContaining('text/html'),
      ]);
      expect([service, (await site.rest(`/openapi/${service}.json`)).status]).toEqual([service, 200]);
    }
  });

  it('stops cleanly on Ctrl-C, leaves nothing running, and comes back with all its data', async () => {
    const before = await runs();
    const pids = Object.values(site.pids());
    expect(pids.length).toBeGreaterThanOrEqual(8);
    expect(await site.interrupt()).toBe(0);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    const firstToken = site.token;
    await site.up();
    expect(site.output).not.toContain(firstToken);
    expect(await runs()).toEqual(before);
  });
});
