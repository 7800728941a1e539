import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { offersOf } from '../../test/read-agent.js';
import { SiteUnderTest } from '../../test/site-under-test.js';
import type { Offer } from './offers.js';

const agent = new AgentProgram();
jest.setTimeout(120_000);

let folder: string;
let state: string;
let site: SiteUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-permits-'));
  state = join(folder, 'state');
  site = await SiteUnderTest.start();
  await site.enrolAgent(state);
});
afterEach(async () => {
  await agent.killAll();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

const uid = (last: string): string => `0193e7a0-0000-7000-8000-00000000000${last}`;
const daemon = (): Program => agent.start(['daemon', '--state', state]);
const started = (last = 'a') =>
  site.received.filter(({ deploymentUid, report }) => deploymentUid === uid(last) && report.event === 'run-started');
const ended = (last = 'a'): boolean =>
  site.received.some(({ deploymentUid, report }) => deploymentUid === uid(last) && report.event === 'run-finished');

function deploy(more: Partial<Assignment> = {}, last = 'a'): void {
  const spec = { steps: [{ step: 'only', type: 'RunCommandLine', settings: { command: 'true' } }] };
  site.deploy({ version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages: {} }, uid(last), more);
}

/** The rollout is further now. */
function further(change: number): void {
  const [first, ...others] = site.policy.assignments;
  const { serial } = site.policy;
  site.policy = { ...site.policy, serial: serial + 1, assignments: [{ ...first!, rollout: { change } }, ...others] };
  site.wake();
}

async function offer(): Promise<Offer | undefined> {
  return (await offersOf(state))[0];
}

const refusal = {
  granted: false,
  code: 'rollout.group-not-open',
  message: 'group pilot is full',
  askAgainSeconds: 900,
};

describe('a deployment with a rollout', () => {
  it('starts with a permit, and with the run that it was given for', async () => {
    deploy({ rollout: { change: 0 } });
    daemon();
    await until(() => ended());
    expect(site.permitsAsked).toEqual([
      { deploymentUid: uid('a'), body: site.policy.assignments[0]!.body, runId: started()[0]!.report.runId },
    ]);
    expect(readdirSync(join(state, 'permits'))).toEqual([]);
  });

  it('waits after a refusal, says why, lets others run meanwhile, and asks when the rollout is further', async () => {
    site.permit = () => refusal;
    deploy({ rollout: { change: 0 } });
    deploy({}, 'b');
    daemon();
    await until(() => ended('b'));
    await until(async () => (await offer())?.state === 'no-permit');
    expect(await offer()).toMatchObject({ says: 'waits for a start permit: group pilot is full' });
    expect(site.permitsAsked).toHaveLength(1);
    site.permit = () => ({ granted: true, startWithinSeconds: 600 });
    further(1);
    await until(() => ended());
    expect(site.permitsAsked).toHaveLength(2);
    expect(new Set(site.permitsAsked.map(({ runId }) => runId)).size).toBe(1);
  });

  it('does not start while the site gives no answer, and starts when it does', async () => {
    site.fault = (what) => (what === 'POST /api/v1/agent/permits' ? { status: 503 } : undefined);
    deploy({ rollout: { change: 0 } });
    deploy({}, 'b');
    daemon();
    await until(() => ended('b'));
    await until(async () => (await offer())?.state === 'no-permit');
    expect(started()).toEqual([]);
    site.fault = () => undefined;
    await until(() => ended());
  });

  it('is asked for again, as the same run, after the agent was killed before the answer', async () => {
    // The site has decided, and its answer is lost.
    site.fault = (what) => (what === 'POST /api/v1/agent/permits' ? 'drop' : undefined);
    const asked = (): number => site.requests.filter((what) => what === 'POST /api/v1/agent/permits').length;
    deploy({ rollout: { change: 0 } });
    const first = daemon();
    await until(() => asked() > 0);
    first.child.kill('SIGKILL');
    await first.exited;
    const [file] = readdirSync(join(state, 'permits')).filter((name) => name === uid('a'));
    expect(file).toBe(uid('a'));
    site.fault = () => undefined;
    daemon();
    await until(() => ended());
    expect(started()).toHaveLength(1);
    expect(site.permitsAsked.at(-1)?.runId).toBe(started()[0]!.report.runId);
  });

  it('warns nobody of a run that has no permit, and keeps the permit while people are warned', async () => {
    site.permit = () => refusal;
    deploy({ rollout: { change: 0 }, warnMinutes: 60 });
    daemon();
    await until(async () => (await offer())?.state === 'no-permit');
    expect(readdirSync(join(state, 'warnings'))).toEqual([]);
    // It is good for a moment only, so it is asked for again and again.
    site.permit = () => ({ granted: true, startWithinSeconds: 1 });
    further(1);
    await until(() => readdirSync(join(state, 'warnings')).length > 0);
    const asked = site.permitsAsked.length;
    await until(() => site.permitsAsked.length > asked + 1);
    expect(new Set(site.permitsAsked.map(({ runId }) => runId)).size).toBe(1);
    // Somebody paused it meanwhile: it does not start.
    site.permit = () => refusal;
    await until(async () => (await offer())?.state === 'no-permit');
    expect(started()).toEqual([]);
  });

  it('that somebody asked for waits for its permit, too', async () => {
    site.permit = () => refusal;
    deploy({ purpose: 'Available', rollout: { change: 0 } });
    daemon();
    await until(async () => (await offer())?.state === 'offered');
    expect((await agent.start(['start', 'deployment-000a', '--state', state]).exited).code).toBe(0);
    await until(async () => (await offer())?.state === 'no-permit');
    site.permit = () => ({ granted: true, startWithinSeconds: 600 });
    further(1);
    await until(() => ended());
  });
});
