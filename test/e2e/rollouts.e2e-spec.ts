import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeploymentProgress } from '@muster/contracts/kinds/deployment-progress.js';
import type { DeploymentRollout } from '@muster/contracts/kinds/deployment-rollout.js';
import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import { until } from '@muster/testing/until.js';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');
const NAMES = ['web-1', 'web-2', 'web-3'];

const documents = (folder: string) => `
apiVersion: muster/v1
kind: Collection
metadata: {name: web}
spec: {rules: [{query: 'true'}]}
---
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: harden}
spec:
  steps:
    - step: Harden
      type: RunCommandLine
      settings: {shell: true, command: "test ! -e ${folder}/broken"}
---
apiVersion: muster/v1
kind: Deployment
metadata: {name: harden-web}
spec:
  sequence: harden
  collection: web
  purpose: Required
  rollout:
    atMostStarted: 1
    groups:
      - {name: pilot, size: 1}
      - {name: wide, size: 1, approval: true}
      - {name: rest}
`;

describe('a rollout on a whole site with real agents', () => {
  let site: SiteUnderTest;
  const agents: ChildProcess[] = [];

  const rollout = async (): Promise<DeploymentRollout> =>
    JSON.parse(await site.ok('rollout', 'status', 'harden-web', '-o', 'json')) as DeploymentRollout;
  const explanations = async (): Promise<DeviceExplanation['deployments']> =>
    Promise.all(
      NAMES.map(async (name) => {
        const text = await site.ok('explain', '--device', name, '-o', 'json');
        return (JSON.parse(text) as DeviceExplanation).deployments[0]!;
      }),
    );
  const runs = async (): Promise<number> =>
    ((await (await site.rest('/api/v1/runs')).json()) as { items: unknown[] }).items.length;

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
    for (const name of NAMES) {
      const state = join(site.folder, name);
      const environment = {
        ...site.environment,
        MUSTER_ENROLMENT_TOKEN: (await site.ok('enrolment-token', 'create')).trim(),
      };
      await run(AGENT, ['enrol', '--server', site.url, '--name', name, '--state', state], environment);
      agents.push(
        spawn(process.execPath, [AGENT, 'daemon', '--state', state], { env: site.environment, stdio: 'ignore' }),
      );
    }
    writeFileSync(join(site.folder, 'site.yaml'), documents(site.folder));
    await until(async () => (await site.ok('get', 'devices')).includes('web-3'));
    await site.ok('apply', '-f', join(site.folder, 'site.yaml'));
  });

  afterAll(async () => {
    for (const agent of agents) agent.kill('SIGKILL');
    await site?.remove();
  });

  it('starts the first group only, and the others say what they wait for', async () => {
    await until(async () => (await rollout()).stage === 'waiting', 60_000);
    expect(await rollout()).toMatchObject({
      says: 'group wide waits for approval',
      open: 0,
      groups: [
        { name: 'pilot', state: 'good', succeeded: 1 },
        { name: 'wide', state: 'closed', approval: 'needed' },
        { name: 'rest', state: 'closed' },
      ],
    });
    expect(await runs()).toBe(1);
    await until(async () => (await explanations()).filter(({ start }) => start?.state === 'waiting').length === 3);
    const waiting = (await explanations()).filter(({ rollout: one }) => one?.granted === false);
    expect(waiting.map(({ start }) => start?.says)).toEqual(
      Array(2).fill('waits for a start permit: group wide waits for approval'),
    );
  });

  it('goes on with an approval, pauses itself when a device fails, and starts nobody then', async () => {
    writeFileSync(join(site.folder, 'broken'), '');
    await site.ok('rollout', 'approve', 'harden-web', '--reason', 'the pilot is fine');
    await until(async () => (await rollout()).stage === 'paused', 60_000);
    const status = await site.ok('rollout', 'status', 'harden-web');
    expect(status).toContain('rollout    paused: in group wide 1 failed, and at most 0 may');
    expect(await site.ok('deployment', 'status', 'harden-web')).toContain('rollout    paused');
    expect(await runs()).toBe(2);
    expect((await site.muster('rollout', 'approve', 'harden-web')).code).toBe(5);
  });

  it('is where it was after the service that keeps it was killed', async () => {
    const before = await rollout();
    const killed = site.pids()['deployment']!;
    process.kill(killed, 'SIGKILL');
    await until(async () => site.pids()['deployment'] !== killed && (await site.rest('/api/v1/deployments')).ok);
    expect(await rollout()).toEqual(before);
    expect(await runs()).toBe(2);
  });

  it('starts the rest when somebody takes the error', async () => {
    rmSync(join(site.folder, 'broken'));
    await site.ok('rollout', 'resume', 'harden-web');
    await until(async () => (await rollout()).stage === 'complete', 60_000);
    expect(await runs()).toBe(3);
    expect((await rollout()).groups).toMatchObject([
      { succeeded: 1, failed: 0 },
      { succeeded: 0, failed: 1, forgiven: 1 },
      { succeeded: 1, failed: 0 },
    ]);
  });

  /** Deploys what goes on until it may; answers how many have begun it, and how to let it go on. */
  async function deploySlow(name: string): Promise<{ begun: () => number; goOn: () => void; second: string }> {
    const path = (what: string) => join(site.folder, `${name}-${what}`);
    const [first, go, second] = [path('first'), path('go'), path('second')];
    writeFileSync(
      path('.yaml'),
      `
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: ${name}}
spec:
  steps:
    - step: First
      type: RunCommandLine
      settings: {shell: true, command: "echo >> ${first}; while [ ! -e ${go} ]; do sleep 0.1; done"}
    - step: Second
      type: RunCommandLine
      settings: {shell: true, command: "touch ${second}"}
---
apiVersion: muster/v1
kind: Deployment
metadata: {name: ${name}}
spec: {sequence: ${name}, collection: web, purpose: Required}
`,
    );
    await site.ok('apply', '-f', path('.yaml'));
    const begun = () => (existsSync(first) ? readFileSync(first, 'utf8').length : 0);
    await until(() => begun() === NAMES.length);
    return { begun, goOn: () => writeFileSync(go, ''), second };
  }

  const serials = async (): Promise<number[]> =>
    Promise.all(
      NAMES.map(async (name) => {
        const state = join(site.folder, name);
        const { stdout } = await run(AGENT, ['status', '--state', state, '-o', 'json'], site.environment);
        return (JSON.parse(stdout) as { policy: { serial: number } }).policy.serial;
      }),
    );
  /** Agents ask once an hour: what they know sooner they were told. */
  const toldSince = (before: readonly number[]) =>
    until(async () => (await serials()).every((serial, index) => serial > before[index]!), 20_000);
  const progressOf = async (name: string) =>
    JSON.parse(await site.ok('deployment', 'status', name, '-o', 'json')) as DeploymentProgress;

  it('is stopped within seconds on agents that are connected: the step at hand ends, the next one never begins', async () => {
    const { goOn, second } = await deploySlow('slow');
    const before = await serials();
    await site.ok('deployment', 'stop', 'slow');
    await toldSince(before);
    goOn();
    await until(async () => (await progressOf('slow')).devices.failed === NAMES.length);
    expect((await progressOf('slow')).errors).toMatchObject([{ code: 'run.stopped', devices: NAMES.length }]);
    expect(existsSync(second)).toBe(false);
    expect(await site.ok('deployment', 'status', 'slow')).toContain('held       no device starts it, and its runs end');
  });

  it('is stopped also when it is deleted already, and single runs are stopped alone', async () => {
    const { goOn, second } = await deploySlow('gone');
    await until(async () => (await progressOf('gone')).devices.running === NAMES.length);
    const deleted = await serials();
    await site.ok('delete', 'deployment', 'gone');
    await toldSince(deleted);
    expect(await site.ok('stop', '--device', 'web-1', '--reason', 'not this one')).toBe(
      'device/web-1: 1 run is told to end\n',
    );
    const before = await serials();
    expect(await site.ok('deployment', 'stop', 'gone')).toBe(
      `deployment/gone is deleted; ${NAMES.length} runs are told to end\n`,
    );
    await toldSince(before);
    goOn();
    await until(async () => (await progressOf('gone')).devices.failed === NAMES.length);
    expect((await progressOf('gone')).errors).toMatchObject([{ code: 'run.stopped', devices: NAMES.length }]);
    expect(existsSync(second)).toBe(false);
    expect(await site.ok('deployment', 'status', 'gone')).toMatch(
      /^deleted {4}at 20.*: nobody starts it; what goes on/m,
    );
    expect(await site.ok('deployment', 'devices', 'gone', '--state', 'failed')).toContain('run.stopped');
    expect(await site.muster('deployment', 'stop', 'never-was')).toMatchObject({ code: 4 });
  });
});
