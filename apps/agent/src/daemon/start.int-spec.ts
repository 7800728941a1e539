import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Assignment, PolicyBody } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { SiteUnderTest } from '../../test/site-under-test.js';
import type { Offer } from './offers.js';

const agent = new AgentProgram();
jest.setTimeout(120_000);

let folder: string;
let state: string;
let site: SiteUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-start-'));
  state = join(folder, 'state');
  site = await SiteUnderTest.start();
  await site.enrolAgent(state);
});
afterEach(async () => {
  await agent.killAll();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

const uid = '0193e7a0-0000-7000-8000-00000000000a';
const name = 'deployment-000a';
const daemon = (): Program => agent.start(['daemon', '--state', state]);
const ends = (): number =>
  new Set(site.received.filter(({ report }) => report.event === 'run-finished').map(({ report }) => report.runId)).size;

function deploy(more: Partial<Assignment>, maximumRunTimeMinutes?: number): void {
  const spec: PolicyBody['sequence']['spec'] = {
    ...(maximumRunTimeMinutes === undefined ? {} : { maximumRunTimeMinutes }),
    steps: [{ step: 'only', type: 'RunCommandLine', settings: { command: 'true' } }],
  };
  site.deploy({ version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages: {} }, uid, more);
}

async function offer(): Promise<Offer | undefined> {
  const { code, out } = await agent.start(['list', '-o', 'json', '--state', state]).exited;
  return code === 0 ? (JSON.parse(out) as Offer[])[0] : undefined;
}

it('runs an Available deployment whenever somebody at the computer asks for it, and only then', async () => {
  deploy({ purpose: 'Available' });
  daemon();
  await until(async () => (await offer())?.state === 'offered');
  expect(ends()).toBe(0);
  for (const times of [1, 2]) {
    const { code, error } = await agent.start(['start', name, '--state', state]).exited;
    expect([code, error]).toEqual([0, '']);
    await until(() => ends() === times);
    await until(async () => (await offer())?.state === 'offered');
  }
  expect(await offer()).toMatchObject({ purpose: 'Available', mayStart: true, lastRun: { result: 'succeeded' } });
});

it('takes up a wish from before it was started', async () => {
  deploy({ purpose: 'Available' });
  const first = daemon();
  await until(async () => (await offer())?.state === 'offered');
  first.child.kill('SIGKILL');
  await first.exited;
  expect((await agent.start(['start', name, '--state', state]).exited).code).toBe(0);
  daemon();
  await until(() => ends() === 1);
});

it('refuses to start what is not there, what is Required, and what has expired, and says why', async () => {
  deploy({ triggers: [{ schedule: { start: '2099-01-01T00:00' } }] });
  daemon();
  await until(async () => (await offer())?.state === 'waiting');
  const unknown = await agent.start(['start', 'nothing', '--state', state]).exited;
  expect([unknown.code, unknown.error]).toEqual([1, expect.stringMatching(/^start\.unknown: .*deployment-000a/)]);
  const required = await agent.start(['start', name, '--state', state]).exited;
  expect(required.error).toMatch(/^start\.not-allowed: .*usersMayStart.*next at 2099-/);
  site.policy = { ...site.policy, serial: site.policy.serial + 1, assignments: [] };
  deploy({ purpose: 'Available', expiresAt: '2020-01-01T00:00Z' });
  await until(async () => (await offer())?.state === 'expired');
  expect((await agent.start(['start', name, '--state', state]).exited).error).toMatch(/expired at 2020-/);
});

it('runs a Required deployment at each of its times', async () => {
  // The next minute of this schedule is some seconds ahead.
  const start = new Date(Date.now() - 50_000).toISOString();
  deploy({ triggers: [{ schedule: { start, repeat: { every: { minutes: 1 } } } }] });
  daemon();
  await until(() => ends() === 1);
  expect(await offer()).toMatchObject({ state: 'waiting' });
  await until(() => ends() === 2);
});

it('waits for a maintenance window that its run fits into, and runs when one opens', async () => {
  const window = (from: number, durationMinutes: number) => ({
    name: 'w',
    collection: 'pilot',
    schedule: { start: new Date(from).toISOString() },
    durationMinutes,
  });
  site.policy = { ...site.policy, windows: [window(Date.now() + 3_600_000, 90)] };
  deploy({}, 60);
  daemon();
  await until(async () => (await offer())?.state === 'waiting');
  expect((await offer())?.says).toMatch(/waits for a maintenance window, /);
  expect(ends()).toBe(0);
  const opens = Date.now() + 3_000;
  site.policy = { ...site.policy, serial: site.policy.serial + 1, windows: [window(opens, 90)] };
  await until(() => ends() === 1);
  const started = site.received.find(({ report }) => report.event === 'run-started')?.report.at ?? '';
  expect(Date.parse(started)).toBeGreaterThanOrEqual(opens);
});

it('asks for policy when its connection for wake-ups is there again: what changed meanwhile nobody tells twice', async () => {
  site.policy = { ...site.policy, pollSeconds: 3600 };
  daemon();
  const polls = () => site.requests.filter((request) => request === 'GET /api/v1/agent/policy').length;
  await until(() => polls() > 1 && site.listeners.size === 1);
  deploy({});
  for (const listener of site.listeners) listener.end();
  await until(() => ends() === 1);
});

it('asks for policy at once when somebody at the computer wants it', async () => {
  site.policy = { ...site.policy, pollSeconds: 3600 };
  daemon();
  await until(() => site.requests.filter((request) => request === 'GET /api/v1/agent/policy').length > 1);
  deploy({});
  const { code, out } = await agent.start(['retrieve-policy', '--state', state]).exited;
  expect([code, out]).toEqual([0, expect.stringContaining('asks the site for policy')]);
  await until(() => ends() === 1);
});

describe('a site that stops a deployment', () => {
  const steps = (first: string): PolicyBody => {
    const spec: PolicyBody['sequence']['spec'] = {
      steps: [
        { step: 'first', type: 'RunCommandLine', settings: { command: first, shell: true } },
        { step: 'second', type: 'RunCommandLine', settings: { command: `touch ${folder}/second`, shell: true } },
      ],
    };
    return { version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages: {} };
  };
  const hold = (value: 'Starts' | 'Runs'): void => {
    const assignments = site.policy.assignments.map((one) => ({ ...one, hold: value }));
    site.policy = { ...site.policy, serial: site.policy.serial + 1, assignments };
  };
  const result = () => site.received.findLast(({ report }) => report.event === 'run-finished')?.report;

  it('quiets a connected agent at once: the step at hand ends by itself, the next one never begins', async () => {
    site.policy = { ...site.policy, pollSeconds: 3600 };
    site.deploy(steps(`touch ${folder}/first; while [ ! -e ${folder}/go ]; do sleep 0.05; done`), uid);
    const log = daemon();
    await until(() => existsSync(join(folder, 'first')) && site.listeners.size > 0);
    const serial = site.policy.serial + 1;
    hold('Runs');
    site.wake();
    await until(() => log.log().includes(`"serial":${serial}`));
    writeFileSync(join(folder, 'go'), '');
    await until(() => result() !== undefined);
    expect(result()).toMatchObject({ result: 'failed', code: 'run.stopped' });
    expect(site.received.map(({ report }) => [report.path, report.outcome])).toContainEqual(['first', 'succeeded']);
    expect(existsSync(join(folder, 'second'))).toBe(false);
    expect(await offer()).toMatchObject({ state: 'held', mayStart: false });
  });

  it.each(['its run alone', 'its deployment, which is gone'])(
    'ends what goes on when policy names %s',
    async (what) => {
      site.deploy(steps(`touch ${folder}/first; while [ ! -e ${folder}/go ]; do sleep 0.05; done`), uid);
      const log = daemon();
      await until(() => existsSync(join(folder, 'first')) && site.received.length > 0);
      const serial = site.policy.serial + 1;
      const runId = site.received[0]?.report.runId ?? '';
      const alone = what === 'its run alone';
      const stops = alone ? { runs: [runId] } : { deployments: [uid] };
      site.policy = { ...site.policy, serial, stops, ...(alone ? {} : { assignments: [] }) };
      await until(() => log.log().includes(`"serial":${serial}`));
      writeFileSync(join(folder, 'go'), '');
      await until(() => result() !== undefined);
      expect(result()).toMatchObject({ result: 'failed', code: 'run.stopped' });
      expect(existsSync(join(folder, 'second'))).toBe(false);
    },
  );

  it('lets runs that go on end when only starts are held, and starts none', async () => {
    site.deploy(steps(`touch ${folder}/first; while [ ! -e ${folder}/go ]; do sleep 0.05; done`), uid);
    daemon();
    await until(() => existsSync(join(folder, 'first')));
    hold('Starts');
    await until(async () => (await offer())?.state === 'running' && site.requests.length > 0);
    writeFileSync(join(folder, 'go'), '');
    await until(() => result() !== undefined);
    expect(result()).toMatchObject({ result: 'succeeded' });
    await until(async () => (await offer())?.state === 'held');
  });

  it('stops a run that waits for its restart, which is asked for once whatever else becomes of policy', async () => {
    site.deploy(
      {
        ...steps('exit 0'),
        sequence: (() => {
          const spec: PolicyBody['sequence']['spec'] = {
            steps: [
              { step: 'restart', type: 'RestartComputer', settings: {} },
              { step: 'second', type: 'RunCommandLine', settings: { command: `touch ${folder}/second`, shell: true } },
            ],
          };
          return { name: 'demo', digest: digestOf(spec), spec };
        })(),
      },
      uid,
    );
    const log = daemon();
    await until(() => log.log().includes('run.restart-pending'));
    site.deploy(steps('exit 0'), '0193e7a0-0000-7000-8000-00000000000b', { purpose: 'Available' });
    await until(() => log.log().includes(`"serial":${site.policy.serial}`));
    hold('Runs');
    await until(() => result()?.code === 'run.stopped');
    expect(log.log().match(/run\.restart-pending/g)).toHaveLength(1);
    expect(existsSync(join(folder, 'second'))).toBe(false);
  });
});
