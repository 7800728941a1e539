import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { retrievePolicy } from '@muster/contracts/requests/retrieve-policy.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { deployingTo } from './deploying.js';
import { plain } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { RecordingDoor } from './recording-door.js';
import type { TestDevice } from './test-device.js';
import { readReportedRuns } from './told-facts.js';

const AGENT = join(import.meta.dirname, '../../../dist/apps/agent/src/main.js');
const POLICY = 'GET /api/v1/agent/policy';
const SESSIONS = 'POST /api/v1/agent/sessions';
const REPORTS = 'POST /api/v1/agent/reports';
const WAKE_UPS = 'GET /api/v1/agent/wake-ups';
const RETRY_AFTER_SECONDS = 4;

/** What a timer and a machine with other work add to a pause, in milliseconds. */
const SLACK = 150;

describe('a computer that asks the policy service through the door of its site', () => {
  let servers: TestServers;
  /** Agents of this one are to poll once an hour: what comes sooner comes because they were told. */
  let policy: PolicyUnderTest;
  /** Another process of it whose agents poll every second. */
  let polled: Awaited<ReturnType<PolicyUnderTest['replica']>>;
  let folder: string;
  let door: RecordingDoor;
  let agent: ChildProcess | undefined;
  let log = '';
  const { collectionOf, deploy } = deployingTo(() => policy);

  beforeAll(async () => {
    servers = await startServers({ store: false });
    policy = await PolicyUnderTest.start(servers, { MUSTER_POLL_SECONDS: '3600', MUSTER_SESSION_MINUTES: '1' });
    polled = await policy.replica({ MUSTER_POLL_SECONDS: '1' });
  });

  afterAll(async () => {
    await polled?.stop();
    await policy?.stop();
    await servers?.stop();
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-door-'));
    log = '';
  });

  afterEach(async () => {
    const running = agent;
    agent = undefined;
    if (running && running.exitCode === null) {
      const ended = new Promise((resolve) => running.once('close', resolve));
      running.kill('SIGKILL');
      await ended;
    }
    await door.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (...argv: string[]): ChildProcess =>
    spawn(process.execPath, [AGENT, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], env: process.env });

  /** A real agent that is enrolled through a door before this process of the service, and a collection that it is in. */
  async function agentAt(base: string): Promise<{ collection: string; device: Pick<TestDevice, 'uid'> }> {
    door = await RecordingDoor.open(base);
    const state = join(folder, 'state');
    const argv = ['--server', door.url, '--token', await policy.enrolmentToken(), '--name', 'web-1', '--state', state];
    const enrolling = start('enrol', ...argv);
    expect(await new Promise((resolve) => enrolling.once('close', resolve))).toBe(0);
    const { deviceUid } = JSON.parse(readFileSync(join(state, 'agent.json'), 'utf8')) as { deviceUid: string };
    const device = { uid: deviceUid } as TestDevice;
    const { name } = await collectionOf(device);
    agent = start('daemon', '--state', state);
    for (const stream of [agent.stdout, agent.stderr]) stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    // Behind the opening of its connection it asks once more: nothing but news and time make it ask from then on.
    await until(() => door.openStreams === 1 && door.of(POLICY).length >= 2, 30_000);
    return { collection: name, device };
  }

  /** The newest policy that passed has so many assignments in force. */
  const inForce = (assignments: number): boolean =>
    log.includes(`"assignments":${assignments},"msg":"new policy is in force"`);
  const reportsKept = async (deploymentUid: string): Promise<number[]> => {
    const facts = await readReportedRuns(policy.deployment.bus);
    return facts.flatMap((fact) =>
      fact.deploymentUid === deploymentUid ? fact.reports.map(({ number }) => number) : [],
    );
  };

  it('asks by the tag of the policy it has, reads nothing again that did not change, and asks as often as it is told, ±10 %', async () => {
    const { collection } = await agentAt(polled.base);
    await deploy(collection, plain('a'));
    await until(() => inForce(1), 30_000);
    const polls = door.of(POLICY).length;
    await until(() => door.of(POLICY).length >= polls + 3, 30_000);
    const from = door.passed.length;
    const quiet = () => door.passed.slice(from).filter(({ what }) => what === POLICY);
    await until(() => quiet().length >= 20, 60_000);
    const told = door.of(POLICY).findLast(({ status }) => status === 200);
    expect(new Set(quiet().map(({ status, ifNoneMatch, body }) => `${status} ${ifNoneMatch} ${body}`))).toEqual(
      new Set([`304 ${told?.etag} `]),
    );
    expect(door.passed.filter(({ what }) => what.startsWith('GET /api/v1/agent/bodies/'))).toHaveLength(1);
    const pauses = quiet().flatMap(({ at }, index) => {
      const before = quiet()[index - 1];
      return before ? [at - before.answeredAt] : [];
    });
    // Never sooner; later where the machine had something else to do.
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(890);
    const sorted = pauses.toSorted((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(1100 + SLACK);
    // They differ: computers that were switched on together do not stay together. 19 pauses within 20 ms are no chance.
    expect(sorted.at(-1)! - sorted[0]!).toBeGreaterThan(20);
  });

  it('waits as long as it is sent away, whoever is in a hurry, and comes back by itself', async () => {
    const { collection, device } = await agentAt(policy.base);
    const refusedAt: number[] = [];
    door.refuse = (what) => {
      if (what !== POLICY || refusedAt.length === 2) return undefined;
      refusedAt.push(Date.now());
      return { status: 503, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } };
    };
    await deploy(collection, plain('b'));
    await until(() => refusedAt.length === 1, 30_000);
    // Told again that there is news: its connection for that is whole.
    await policy.deployment.bus.request(retrievePolicy, { device: device.uid });
    await until(() => inForce(1), 60_000);
    const polls = door.of(POLICY);
    const asked = polls.slice(polls.findIndex(({ status }) => status === 503));
    expect(asked.slice(0, 3).map(({ status }) => status)).toEqual([503, 503, 200]);
    for (const [index, { at }] of asked.slice(1, 3).entries()) {
      const waited = at - asked[index]!.answeredAt;
      expect(waited).toBeGreaterThanOrEqual(RETRY_AFTER_SECONDS * 1000 - 10);
      expect(waited).toBeLessThan(RETRY_AFTER_SECONDS * 1000 + 3000);
    }
  });

  it('hears of news again when its connection for that was cut: what it missed, and what comes then', async () => {
    const { collection, device } = await agentAt(policy.base);
    door.refuse = (what) => (what === WAKE_UPS ? 'cut' : undefined);
    door.cutStreams();
    await until(() => door.openStreams === 0 && door.of(WAKE_UPS).some(({ status }) => status === 0), 30_000);
    await deploy(collection, plain('c'));
    // It tries, in vain: of the news it hears nothing.
    const tries = door.of(WAKE_UPS).length;
    await until(() => door.of(WAKE_UPS).length > tries, 30_000);
    expect(inForce(1)).toBe(false);
    door.refuse = () => undefined;
    await until(() => inForce(1), 30_000);
    expect(door.openStreams).toBe(1);
    // And is called as before, although nothing changed.
    const polls = door.of(POLICY).length;
    const called = Date.now();
    await policy.deployment.bus.request(retrievePolicy, { device: device.uid });
    await until(() => door.of(POLICY).length > polls, 30_000);
    expect(door.of(POLICY).at(-1)).toMatchObject({ status: 304 });
    expect(Date.now() - called).toBeLessThan(10_000);
  });

  it('opens another session by itself when its token has run out, and loses no report', async () => {
    const { collection } = await agentAt(policy.base);
    const first = JSON.parse(door.of(SESSIONS)[0]!.body) as { accessToken: string; expiresAt: string };
    await until(() => Date.now() > Date.parse(first.expiresAt) + 1000, 90_000);
    // A computer whose clock stood still, or whose token was taken back: it does not know that the token is good no longer.
    let old = 0;
    door.authorization = (what, own) => (what === REPORTS && old++ < 2 ? `Bearer ${first.accessToken}` : own);
    const steps = ['d', 'e', 'f'].map((name) => plain(name).steps[0]!);
    const made = await deploy(collection, { steps } satisfies SequenceSpec);
    await until(async () => (await reportsKept(made.metadata.uid)).length >= 8, 60_000);
    const refused = door.of(REPORTS).filter(({ status }) => status === 401);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.map(({ body }) => (JSON.parse(body) as { code: string }).code)).toEqual(
      refused.map(() => 'session.expired-token'),
    );
    const sessionsBehind = door.of(SESSIONS).filter(({ at }) => at >= refused[0]!.at);
    expect(sessionsBehind.length).toBeGreaterThan(0);
    // Each once, in one row.
    const numbers = (await reportsKept(made.metadata.uid)).toSorted((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});
