import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Assignment, PolicyBody } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { SiteUnderTest } from '../../test/site-under-test.js';

const agent = new AgentProgram();
jest.setTimeout(120_000);

let folder: string;
let state: string;
let site: SiteUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-fates-'));
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
const another = '0193e7a0-0000-7000-8000-00000000000b';
const daemon = (): Program => agent.start(['daemon', '--state', state]);
const window = (from: number, durationMinutes: number) => ({
  name: 'w',
  collection: 'pilot',
  schedule: { start: new Date(from).toISOString() },
  durationMinutes,
});
const told = (deploymentUid = uid) => site.fates.filter((fate) => fate.deploymentUid === deploymentUid);
const ends = (): number => site.received.filter(({ report }) => report.event === 'run-finished').length;

function deploy(more: Partial<Assignment> = {}, { command = 'true', minutes = 60, of = uid } = {}): void {
  const spec: PolicyBody['sequence']['spec'] = {
    maximumRunTimeMinutes: minutes,
    steps: [{ step: 'only', type: 'RunCommandLine', settings: { command } }],
  };
  site.deploy({ version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages: {} }, of, more);
}

it('tells the site what a deployment waits for, once, then runs it, and tells of it no more', async () => {
  const opens = Date.now() + 3_600_000;
  site.policy = { ...site.policy, windows: [window(opens, 90)] };
  deploy();
  daemon();
  await until(() => told().length > 0);
  expect(told()[0]).toMatchObject({
    acceptance: { state: 'accepted' },
    delivery: {
      state: 'waiting',
      reason: 'window',
      until: new Date(opens).toISOString(),
      says: expect.stringContaining('waits for a maintenance window'),
    },
  });
  const polls = site.requests.length;
  await until(() => site.requests.length > polls + 3);
  expect(told()).toHaveLength(1);
  site.policy = { ...site.policy, serial: site.policy.serial + 1, windows: [window(Date.now() - 60_000, 90)] };
  await until(() => ends() === 1);
  const after = site.requests.length;
  await until(() => site.requests.length > after + 3);
  expect(told()).toHaveLength(1);
});

it('keeps what it could not tell, through a restart, and tells the newest of it when the site is back', async () => {
  site.fault = (request) => (request.includes('/fates') ? 'drop' : undefined);
  site.policy = { ...site.policy, windows: [window(Date.now() + 3_600_000, 30)] };
  deploy({ expiresAt: new Date(Date.now() + 7_200_000).toISOString() });
  const first = daemon();
  await until(() => site.requests.some((request) => request.includes('/fates')));
  first.child.kill('SIGKILL');
  await first.exited;
  site.policy = { ...site.policy, serial: site.policy.serial + 1, windows: [window(Date.now() + 3_600_000, 90)] };
  daemon();
  const tries = site.requests.filter((request) => request.includes('/fates')).length;
  await until(() => site.requests.filter((request) => request.includes('/fates')).length > tries + 1);
  expect(told()).toEqual([]);
  site.fault = () => undefined;
  await until(() => told().length > 0);
  expect(told()).toMatchObject([{ delivery: { state: 'waiting', reason: 'window' } }]);
});

it('tells of a deployment that comes while another one runs that it waits for that run', async () => {
  deploy({}, { command: 'sleep 60' });
  daemon();
  await until(() => site.received.some(({ report }) => report.event === 'step-started'));
  deploy({}, { of: another });
  await until(() => told(another).length > 0);
  expect(told(another)[0]).toMatchObject({ delivery: { state: 'waiting', reason: 'other-run' } });
  expect(told()).toEqual([]);
});

it('tells that no window is long enough, that it is for other platforms, and that it has expired', async () => {
  site.policy = { ...site.policy, windows: [window(Date.now() + 3_600_000, 30)] };
  deploy();
  daemon();
  await until(() => told().some(({ delivery }) => delivery?.reason === 'no-window'));
  deploy({ expiresAt: new Date(Date.now() - 1000).toISOString() });
  await until(() => told().at(-1)?.acceptance.state === 'expired');
  expect(told().at(-1)?.delivery).toMatchObject({ reason: 'no-window' });
  const spec: PolicyBody['sequence']['spec'] = { platforms: [{ os: 'plan9' }], steps: [] };
  site.deploy({ version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages: {} }, another, {});
  await until(() => told(another).at(-1)?.acceptance.state === 'rejected');
});
