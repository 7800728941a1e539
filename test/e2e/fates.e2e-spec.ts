import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeploymentDeviceList } from '@muster/contracts/kinds/deployment-progress.js';
import { until } from '@muster/testing/until.js';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');

const documents = (windowStart: Date): string => `
apiVersion: muster/v1
kind: Collection
metadata: {name: web}
spec:
  rules: [{device: web-1}]
  maintenanceWindows:
    - {name: night, schedule: {start: '${windowStart.toISOString()}'}, durationMinutes: 180}
---
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: harden}
spec:
  steps:
    - {step: Harden, type: RunCommandLine, settings: {command: /bin/true}}
---
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: for-others}
spec:
  platforms: [{os: plan9}]
  steps:
    - {step: Never, type: RunCommandLine, settings: {command: /bin/false}}
---
apiVersion: muster/v1
kind: Deployment
metadata: {name: harden-web}
spec: {sequence: harden, collection: web, purpose: Required}
---
apiVersion: muster/v1
kind: Deployment
metadata: {name: not-for-web}
spec: {sequence: for-others, collection: web, purpose: Required}
`;

describe('what becomes of a deployment at a device', () => {
  let site: SiteUnderTest;
  let agent: ChildProcess | undefined;

  const apply = async (windowStart: Date): Promise<void> => {
    const path = join(site.folder, 'site.yaml');
    writeFileSync(path, documents(windowStart));
    await site.ok('apply', '-f', path);
  };
  const deviceOf = async (deployment: string): Promise<DeploymentDeviceList['items'][number] | undefined> =>
    (JSON.parse(await site.ok('deployment', 'devices', deployment, '-o', 'json')) as DeploymentDeviceList['items'])[0];

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
    const state = join(site.folder, 'agent');
    await run(AGENT, ['enrol', '--server', site.url, '--name', 'web-1', '--state', state], {
      ...site.environment,
      MUSTER_ENROLMENT_TOKEN: (await site.ok('enrolment-token', 'create')).trim(),
    });
    await until(async () => (await site.ok('get', 'devices')).includes('web-1'));
    await apply(new Date(Date.now() + 3 * 3_600_000));
    agent = spawn(process.execPath, [AGENT, 'daemon', '--state', state], { env: site.environment, stdio: 'ignore' });
  });

  afterAll(async () => {
    agent?.kill('SIGKILL');
    await site?.remove();
  });

  it('is that it waits for a maintenance window: since when, until when, and in words', async () => {
    await until(async () => (await deviceOf('harden-web'))?.fate?.delivery?.reason === 'window', 60_000);
    const table = await site.ok('deployment', 'devices', 'harden-web', '--state', 'waiting');
    expect(table).toMatch(/^web-1 +waiting: window +\S+Z +\S+Z +- +waits for a maintenance window, /m);
    expect(await site.ok('deployment', 'status', 'harden-web')).toMatch(/^they told +1 waiting: window$/m);
    expect(await site.ok('device', 'history', 'web-1')).toContain('deployment.waiting');
  });

  it('is that a sequence is for other computers, which nobody waits for', async () => {
    await until(async () => (await deviceOf('not-for-web'))?.fate?.acceptance.state === 'rejected', 60_000);
    const watched = await site.muster('watch', 'deployment', 'not-for-web', '--timeout', '60');
    expect(watched.stdout).toContain('0 succeeded, 0 failed, 1 will not run it');
    expect(watched.code).not.toBe(0);
    const row = (await site.ok('get', 'deployments')).split('\n').find((line) => line.startsWith('not-for-web'));
    expect(row).toMatch(/^not-for-web +for-others +web +Required +1 +0 +1 +0 +0 +0 +0 /);
  });

  it('is its run once a window opens', async () => {
    await apply(new Date(Date.now() - 60_000));
    const watched = await site.muster('watch', 'deployment', 'harden-web', '--timeout', '120');
    expect([watched.code, watched.stdout]).toEqual([0, expect.stringContaining('1 succeeded, 0 failed')]);
    expect(await deviceOf('harden-web')).toMatchObject({ state: 'succeeded' });
    expect(await site.ok('deployment', 'status', 'harden-web')).not.toContain('they told');
  });
});
