import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { PolicyBody } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { SequenceNode } from '@muster/sequence/model.js';
import type { StepReport } from '@muster/sequence/report.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { deviceUid, SiteUnderTest } from '../../test/site-under-test.js';

const agent = new AgentProgram();

const conditionSeconds = 60;
jest.setTimeout(120_000);

let folder: string;
let state: string;
let site: SiteUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-daemon-'));
  state = join(folder, 'state');
  site = await SiteUnderTest.start();
});
afterEach(async () => {
  await agent.killAll();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = (...argv: string[]): Program => agent.start(argv);

/** Waits for a condition; gives up before the test does, so that nothing is left behind. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + conditionSeconds * 1000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`still not so after ${conditionSeconds} s: ${condition.toString()}`);
    await delay(10);
  }
}

const daemon = (): Program => start('daemon', '--state', state);

async function enrol(): Promise<void> {
  const { code, error } = await start('enrol', '--server', site.url, '--token', site.token, '--state', state).exited;
  expect([code, error]).toEqual([0, '']);
}

const shell = (step: string, command: string, more: Partial<SequenceNode> = {}): SequenceNode => ({
  step,
  type: 'RunCommandLine',
  settings: { command, shell: true },
  ...more,
});

function body(steps: SequenceNode[], packages: PolicyBody['packages'] = {}): PolicyBody {
  const spec = { steps };
  return { version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages };
}

const uid = (last: string): string => `0193e7a0-0000-7000-8000-00000000000${last}`;
const reports = (): StepReport[] => site.received.map(({ report }) => report);
/** The newest policy is taken. */
const inForce = (program: Program): boolean => program.log().includes(`"serial":${site.policy.serial},`);
const finished = (): boolean => reports().some(({ event }) => event === 'run-finished');
const told = (report: StepReport): string =>
  [report.number, report.event, report.path, report.outcome ?? report.result].filter(Boolean).join(' ');

/** Every (run, number) has one content however often it came, and the numbers of a run have no gap. */
function expectCompleteAndEqual(): StepReport[] {
  const byKey = new Map<string, string>();
  for (const { report } of site.received) {
    const key = `${report.runId} ${report.number}`;
    const text = JSON.stringify(report);
    expect([key, byKey.get(key) ?? text]).toEqual([key, text]);
    byKey.set(key, text);
  }
  const distinct = [...byKey.values()]
    .map((text) => JSON.parse(text) as StepReport)
    .sort((a, b) => a.number - b.number);
  expect(new Set(distinct.map(({ runId }) => runId)).size).toBe(1);
  expect(distinct.map(({ number }) => number)).toEqual(distinct.map((_, index) => index + 1));
  return distinct;
}

const reportFiles = (): string[] => readdirSync(join(state, 'reports'));

describe('the agent', () => {
  it('takes policy, fetches content, runs it once and reports every step once', async () => {
    const manifest = site.addContent({ install: { text: `#!/bin/sh\necho ran >> ${folder}/ran\n`, executable: true } });
    const packages = { hello: { version: 1, manifest, programs: { install: { command: 'install', arguments: [] } } } };
    const steps: SequenceNode[] = [
      { group: 'Prepare', steps: [shell('first', 'true')] },
      { step: 'Install hello', type: 'InstallPackage', settings: { package: 'hello', program: 'install' } },
    ];
    site.deploy(body(steps, packages), uid('a'));
    await enrol();
    const program = daemon();
    await until(() => finished() && reportFiles().length === 0);
    // The next polls bring the same policy: it must not run again.
    const polls = site.requests.filter((request) => request.endsWith('/policy')).length;
    await until(() => site.requests.filter((request) => request.endsWith('/policy')).length > polls + 1);
    expect(reports().map(told)).toEqual([
      '1 run-started',
      '2 step-started Prepare/first',
      '3 step-finished Prepare/first succeeded',
      '4 step-started Install hello',
      '5 step-finished Install hello succeeded',
      '6 run-finished succeeded',
    ]);
    const sequenceDigest = digestOf({ steps });
    const whatFor = site.received.map((entry) => [entry.deploymentUid, entry.sequenceDigest]);
    expect(whatFor).toEqual(whatFor.map(() => [uid('a'), sequenceDigest]));
    expect(readFileSync(join(folder, 'ran'), 'utf8')).toBe('ran\n');
    program.child.kill('SIGTERM');
    const { code, error } = await program.exited;
    expect([code, error]).toEqual([0, '']);
    expect(program.log()).not.toMatch(/Bearer|signature=|mse_/);
    expect(existsSync(join(state, 'lock'))).toBe(false);

    const { out } = await start('status', '--state', state, '-o', 'json').exited;
    expect(JSON.parse(out)).toMatchObject({
      enrolled: true,
      identity: { deviceUid },
      unfinishedRuns: [],
      endedRuns: [{ result: 'succeeded', exitCode: 0, deployment: { uid: uid('a') } }],
      unsentReports: 0,
    });
  });

  it('runs child sequences where they stand, in one environment: the parent reads what a child set', async () => {
    const set = (name: string, value: string): SequenceNode => ({
      step: `set ${name}`,
      type: 'SetTaskSequenceVariable',
      settings: { name, value },
    });
    const inner = { steps: [set('Y', '%X% and inner')] };
    const child = { variables: { Default: 'of child' }, steps: [{ sequence: 'inner' }, shell('in child', 'true')] };
    const parent = body([
      set('X', 'parent'),
      { sequence: 'child' },
      shell('after', `echo "$TS_Y, $TS_Default" > ${folder}/read`),
    ]);
    const children = {
      child: { digest: digestOf(child), spec: child },
      inner: { digest: digestOf(inner), spec: inner },
    };
    site.deploy({ ...parent, children }, uid('a'));
    await enrol();
    daemon();
    await until(() => finished() && reportFiles().length === 0);
    expect(
      reports()
        .filter(({ event }) => event === 'step-finished')
        .map(told),
    ).toEqual([
      '3 step-finished set X succeeded',
      '5 step-finished child/inner/set Y succeeded',
      '7 step-finished child/in child succeeded',
      '9 step-finished after succeeded',
    ]);
    expect(readFileSync(join(folder, 'read'), 'utf8')).toBe('parent and inner, of child\n');
    expect(reports().at(-1)).toMatchObject({ event: 'run-finished', result: 'succeeded' });
  });

  it('gets through a site that drops connections, says 503, ends sessions, and points to wrong bytes first', async () => {
    site.points = ['dp1', 'dp2'];
    site.serve = (point, bytes) => (point === 'dp1' ? Buffer.alloc(bytes.length, '?') : bytes);
    const manifest = site.addContent({ install: { text: '#!/bin/sh\nexit 0\n', executable: true } });
    const packages = { hello: { version: 1, manifest, programs: { install: { command: 'install', arguments: [] } } } };
    const step = { step: 'Install', type: 'InstallPackage', settings: { package: 'hello', program: 'install' } };
    site.deploy(body([shell('first', 'true'), step], packages), uid('a'));
    await enrol();
    const seen = new Map<string, number>();
    site.fault = (request) => {
      const times = (seen.get(request) ?? 0) + 1;
      seen.set(request, times);
      if (request.endsWith('/reports') && times === 2) site.endSessions();
      if (times === 1) return 'drop';
      return times === 2 ? { status: 503, headers: { 'retry-after': '0' } } : undefined;
    };
    const program = daemon();
    await until(() => finished() && reportFiles().length === 0);
    expect(expectCompleteAndEqual().map(told)).toEqual([
      '1 run-started',
      '2 step-started first',
      '3 step-finished first succeeded',
      '4 step-started Install',
      '5 step-finished Install succeeded',
      '6 run-finished succeeded',
    ]);
    expect(program.log()).toContain('content.digest-mismatch');
  });

  it('killed in the middle of a step, with answers lost, tells every report exactly once as far as the site can tell', async () => {
    const steps = [
      shell('before', `echo before >> ${folder}/log`),
      shell('middle', `echo middle >> ${folder}/log; test -e ${folder}/go || sleep 600`, { repeatable: true }),
      shell('after', `echo after >> ${folder}/log`),
    ];
    site.deploy(body(steps), uid('a'));
    await enrol();
    // The site gets the reports and the agent never hears of it.
    site.fault = (request) => (request.endsWith('/reports') ? 'drop' : undefined);
    const first = daemon();
    const log = join(folder, 'log');
    await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('middle') && reports().length > 0);
    first.child.kill('SIGKILL');
    await first.exited;
    expect(finished()).toBe(false);
    writeFileSync(join(folder, 'go'), '');
    site.fault = () => undefined;
    daemon();
    await until(() => finished() && reportFiles().length === 0);
    expect(expectCompleteAndEqual().map(told)).toEqual([
      '1 run-started',
      '2 step-started before',
      '3 step-finished before succeeded',
      '4 step-started middle',
      '5 step-started middle',
      '6 step-finished middle succeeded',
      '7 step-started after',
      '8 step-finished after succeeded',
      '9 run-finished succeeded',
    ]);
    expect(readFileSync(log, 'utf8')).toBe('before\nmiddle\nmiddle\nafter\n');
  });

  it('says until its end which revision a run began with, though it was killed and policy has a newer one by now', async () => {
    const middle = `touch ${folder}/began; test -e ${folder}/go || sleep 600`;
    const older = body([shell('middle', middle, { repeatable: true })]);
    site.deploy(older, uid('a'));
    await enrol();
    // The site hears nothing of this run before the deployment has moved on.
    site.fault = (request) => (request.endsWith('/reports') ? { status: 503 } : undefined);
    const first = daemon();
    await until(() => existsSync(join(folder, 'began')));
    first.child.kill('SIGKILL');
    await first.exited;
    site.policy = { ...site.policy, assignments: [] };
    site.deploy(body([shell('newer', `touch ${folder}/newer`)]), uid('a'));
    site.fault = () => undefined;
    writeFileSync(join(folder, 'go'), '');
    const second = daemon();
    await until(() => finished() && reportFiles().length === 0 && second.log().includes('new policy'));
    expect(expectCompleteAndEqual().at(-1)).toMatchObject({ event: 'run-finished', result: 'succeeded' });
    expect(new Set(site.received.map((entry) => entry.sequenceDigest))).toEqual(new Set([older.sequence.digest]));
    expect(existsSync(join(folder, 'newer'))).toBe(false);
  });

  it('killed at any moment of a run of many steps ends with every step run and reported once', async () => {
    const count = 12;
    const steps = Array.from({ length: count }, (_, n) =>
      shell(`s${n}`, `echo ${n} >> ${folder}/log`, { repeatable: true }),
    );
    site.deploy(body(steps), uid('a'));
    await enrol();
    for (let kill = 1; kill <= 4; kill += 1) {
      const before = reports().length;
      const program = daemon();
      await until(() => reports().length > before + kill || finished());
      program.child.kill('SIGKILL');
      await program.exited;
    }
    daemon();
    await until(() => finished() && reportFiles().length === 0);
    const ends = expectCompleteAndEqual().filter(({ event }) => event === 'step-finished');
    expect(ends.map(({ path, outcome }) => [path, outcome])).toEqual(steps.map((_, n) => [`s${n}`, 'succeeded']));
    expect(readdirSync(join(state, 'runs'))).toHaveLength(1);
  });

  it('stopped by SIGTERM in the middle of a step leaves at once with code 0, and the run goes on at the next start', async () => {
    site.deploy(
      body([shell('long', `touch ${folder}/began; test -e ${folder}/go || sleep 600`, { repeatable: true })]),
      uid('a'),
    );
    await enrol();
    const first = daemon();
    await until(() => existsSync(join(folder, 'began')));
    first.child.kill('SIGTERM');
    expect((await first.exited).code).toBe(0);
    expect(finished()).toBe(false);
    // A deployment that policy takes back goes on all the same once it has begun.
    site.policy = { ...site.policy, serial: 9, assignments: [] };
    writeFileSync(join(folder, 'go'), '');
    daemon();
    await until(finished);
    expect(expectCompleteAndEqual().at(-1)).toMatchObject({ event: 'run-finished', result: 'succeeded' });
  });

  it('runs what the last policy wants when there is no site, and reports when it is back', async () => {
    const later = new Date(Date.now() + 10_000).toISOString();
    site.deploy(body([shell('offline', `touch ${folder}/done`)]), uid('a'), { availableAt: later });
    await enrol();
    const first = daemon();
    // The body under its own name: killed while it is being written, the agent rightly has none.
    const whole = (): boolean => readdirSync(join(state, 'bodies')).some((name) => name.endsWith('.json'));
    await until(() => first.log().includes('new policy') && whole());
    first.child.kill('SIGKILL');
    await first.exited;
    const port = Number(new URL(site.url).port);
    await site.close();
    const second = daemon();
    await until(() => existsSync(join(folder, 'done')) && second.log().includes('run ended'));
    await site.listen(port);
    await until(() => finished() && reportFiles().length === 0);
    expectCompleteAndEqual();
  });

  it('refuses a policy that was tampered with, is another device’s or is older, and keeps to the last good one', async () => {
    await enrol();
    const program = daemon();
    await until(() => program.log().includes('new policy'));
    site.tamper = (jws) => {
      const [header, payload = '', signature] = jws.split('.');
      const changed = Buffer.from(payload, 'base64url').toString('utf8').replace('"serial":', '"serial":9');
      return [header, Buffer.from(changed).toString('base64url'), signature].join('.');
    };
    site.deploy(body([shell('evil', `touch ${folder}/evil`)]), uid('a'));
    await until(() => program.log().includes('policy.signature-invalid'));
    site.tamper = (jws) => jws;
    site.policy = { ...site.policy, deviceUid: uid('b') };
    await until(() => program.log().includes('policy.wrong-device'));
    site.policy = { ...site.policy, deviceUid, serial: 0 };
    await until(() => program.log().includes('policy.replayed'));
    expect(existsSync(join(folder, 'evil'))).toBe(false);
    const { out } = await start('status', '--state', state, '-o', 'json').exited;
    expect(JSON.parse(out)).toMatchObject({
      policy: { serial: 1, deployments: [] },
      contact: { answeredAt: expect.any(String), failure: { code: 'policy.replayed' } },
    });
    const { out: text } = await start('status', '--state', state).exited;
    expect(text).toMatch(/^site .*, no policy since 20.*, policy\.replayed: .*; last answered at 20/m);
  });

  it('follows a site to another signing key, also behind several that it missed, and keeps it over a restart', async () => {
    await enrol();
    site.deploy(body([shell('only', 'true')]), uid('a'));
    const first = daemon();
    await until(finished);
    await site.renewKey();
    const moved = () => inForce(first);
    site.policy = { ...site.policy, serial: site.policy.serial + 1 };
    await until(moved);
    first.child.kill('SIGKILL');
    await first.exited;
    for (let times = 0; times < 3; times += 1) await site.renewKey();
    site.policy = { ...site.policy, serial: site.policy.serial + 1 };
    const second = daemon();
    await until(() => inForce(second));
    expect(second.log()).toContain('policy of the last start is in force');
    second.child.kill('SIGKILL');
    await second.exited;
    // What was stored last is good without a site.
    await site.close();
    const third = daemon();
    await until(() => third.log().includes('policy of the last start is in force'));
    expect(JSON.parse(readFileSync(join(state, 'agent.json'), 'utf8'))).toMatchObject({
      formerSigningKeys: [{}, {}],
    });
  });

  it('takes nothing of a site by a key for which no key vouches that it knows', async () => {
    await enrol();
    const program = daemon();
    await until(() => inForce(program));
    await site.renewKey(true);
    site.deploy(body([shell('evil', `touch ${folder}/evil`)]), uid('a'));
    await until(() => program.log().includes('policy.site-key-not-vouched'));
    expect(existsSync(join(folder, 'evil'))).toBe(false);
    const { out } = await start('status', '--state', state).exited;
    expect(out).toContain('policy.site-key-not-vouched');
  });

  it('does not run a body that is not the one the policy names, and runs its neighbour', async () => {
    const wrong = site.deploy(body([shell('evil', `touch ${folder}/evil`)]), uid('a'));
    site.bodies.set(wrong, JSON.stringify(body([shell('worse', `touch ${folder}/evil`)])));
    site.deploy(body([shell('good', 'true')]), uid('b'));
    await enrol();
    const program = daemon();
    await until(finished);
    expect(program.log()).toContain('policy.body-digest-mismatch');
    expect(new Set(site.received.map(({ deploymentUid }) => deploymentUid))).toEqual(new Set([uid('b')]));
    expect(existsSync(join(folder, 'evil'))).toBe(false);
  });

  it('fails the run before its first step, with the reason, when the site does not know its content', async () => {
    const packages = { hello: { version: 1, manifest: digestOf('nowhere'), programs: { install: { command: 'x' } } } };
    const step = { step: 'Install', type: 'InstallPackage', settings: { package: 'hello', program: 'install' } };
    site.deploy(body([step], packages), uid('a'));
    await enrol();
    daemon();
    await until(finished);
    expect(reports().map(told)).toEqual(['1 run-started', '2 run-finished failed']);
    expect(reports()[1]).toMatchObject({
      code: 'content.removed',
      message: expect.stringContaining('unknown-manifest'),
    });
  });

  it('tells of a sequence that cannot run, once, instead of trying it for ever', async () => {
    site.deploy(body([{ step: 'x', type: 'NoSuchType', settings: {} }]), uid('a'));
    await enrol();
    daemon();
    await until(finished);
    expect(reports().map(({ event, code }) => [event, code])).toEqual([
      ['run-started', undefined],
      ['run-finished', 'sequence.invalid'],
    ]);
  });

  it('sets one report aside that the site will never take, so that the others arrive', async () => {
    site.deploy(body([shell('one', 'true'), shell('two', 'true')]), uid('a'));
    await enrol();
    const refuse = site.fault;
    let refusing = true;
    site.fault = (request) => (refusing && request.endsWith('/reports') ? { status: 400 } : refuse(request));
    const program = daemon();
    await until(() => reportFiles().some((name) => name.startsWith('refused-')));
    refusing = false;
    await until(finished);
    expect(program.log()).toContain('it is set aside');
  });
});

describe('the program', () => {
  it('ends when the supervisor that forked it is gone', async () => {
    await enrol();
    const program = agent.watch(fork(agent.path('main.js'), ['daemon', '--state', state], { silent: true }));
    const ready = await new Promise<unknown>((resolve) => program.child.once('message', resolve));
    expect(ready).toEqual({ type: 'ready', deviceUid });
    // Node does not tell of "close" once the channel was closed from this side.
    const exited = new Promise<number | null>((resolve) => program.child.once('exit', resolve));
    program.child.disconnect();
    expect(await exited).toBe(0);
  });

  it('serves a state folder alone', async () => {
    await enrol();
    const program = daemon();
    await until(() => program.log().includes('at work'));
    const { code, error } = await daemon().exited;
    expect([code, error]).toEqual([2, expect.stringMatching(/^agent\.in-use: .*--state DIR\n$/)]);
  });

  it('tells the site the facts of its computer, until they are acknowledged, and not again when it starts anew', async () => {
    await enrol();
    let refusals = 2;
    site.fault = (request) => (request.endsWith('/inventory') && refusals-- > 0 ? { status: 503 } : undefined);
    const program = daemon();
    await until(() => site.inventories.length === 1);
    expect(site.inventories[0]?.facts).toMatchObject({ os: { id: expect.any(String) }, cpu: {}, agent: {} });
    // Noted behind the facts.
    await until(() => existsSync(join(state, 'software.json')));
    expect(site.software).toMatchObject([{ software: expect.arrayContaining([expect.anything()]) }]);
    program.child.kill('SIGTERM');
    await program.exited;
    site.requests.length = 0;
    daemon();
    await until(() => site.requests.filter((request) => request.endsWith('/policy')).length > 2);
    expect(site.inventories).toHaveLength(1);
    expect(site.software).toHaveLength(1);
  });

  it.each([
    ['an enrolment that is missing', ['daemon'], 3, /^agent\.not-enrolled: /],
    [
      'a malformed token',
      ['enrol', '--server', 'http://127.0.0.1:9', '--token', 'x'],
      2,
      /^enrolment\.token-malformed: /,
    ],
    ['an address that is none', ['enrol', '--server', 'nowhere', '--token', 'x'], 2, /^agent\.server-invalid: /],
    ['an unknown command', ['dance'], 2, /^agent\.usage: unknown command "dance"/],
    ['an unknown option', ['daemon', '--dance'], 2, /^agent\.usage: unknown option '--dance'/],
  ])('says on one line what is wrong: %s', async (_, argv, expected, line) => {
    const { code, error } = await start(...argv, '--state', state).exited;
    expect([code, error.trimEnd().split('\n').length]).toEqual([expected, 1]);
    expect(error).toMatch(line);
  });

  it('refuses a state folder of another layout and leaves it as it is', async () => {
    await enrol();
    const path = join(state, 'agent.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"layoutVersion": 1', '"layoutVersion": 7'));
    const before = readdirSync(state);
    const { code, error } = await daemon().exited;
    expect([code, error]).toEqual([2, expect.stringMatching(/^agent\.layout-version: .*version 7.*\n$/)]);
    expect(readdirSync(state)).toEqual(before);
  });

  it('teaches in its help', async () => {
    const { code, out } = await start('--help').exited;
    expect(code).toBe(0);
    expect(out).toMatch(/enrol[\s\S]*daemon[\s\S]*status[\s\S]*run[\s\S]*Exit codes/);
  });
});
