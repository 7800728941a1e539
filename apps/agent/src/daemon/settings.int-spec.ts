import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Assignment, PolicyBody, PolicyWindow } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { SiteUnderTest } from '../../test/site-under-test.js';
import type { Offer } from './offers.js';

jest.setTimeout(120_000);
const agent = new AgentProgram();
let folder: string;
let state: string;
let site: SiteUnderTest;

beforeAll(() => agent.build());
afterAll(() => agent.remove());
beforeEach(async () => {
  // Not in a folder that may lie in memory: a restart would be refused there.
  folder = mkdtempSync('/var/tmp/muster-settings-');
  state = join(folder, 'state');
  script('tell', `echo "$1" >> ${folder}/told`);
  script('restart', `echo asked >> ${folder}/asked`);
  site = await SiteUnderTest.start();
  const enrolled = agent.start(['enrol', '--server', site.url, '--token', site.token, '--state', state]);
  expect((await enrolled.exited).code).toBe(0);
});
afterEach(async () => {
  await agent.killAll();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

const uidOf = (number: number): string => `0193e7a0-0000-7000-8000-00000000000${number}`;
const nameOf = (number: number): string => `deployment-000${number}`;

function script(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}
const daemon = (): Program =>
  agent.start(['daemon', '--state', state], {
    MUSTER_AGENT_TELL_COMMAND: join(folder, 'tell'),
    MUSTER_AGENT_RESTART: 'allow',
    MUSTER_AGENT_RESTART_COMMAND: join(folder, 'restart'),
  });
async function kill(program: Program): Promise<void> {
  program.child.kill('SIGKILL');
  await program.exited;
}
const lines = (file: string): string[] =>
  existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean) : [];
const shell = (step: string, command = ':'): SequenceSpec['steps'][number] => ({
  step,
  type: 'RunCommandLine',
  settings: { command: `echo ${step} >> ${folder}/ran; ${command}`, shell: true },
  successCodes: [0, 3010],
});
const finished = (result: string): number =>
  new Set(site.received.filter(({ report }) => report.result === result).map(({ report }) => report.runId)).size;

function deploy(number: number, spec: SequenceSpec, more: Partial<Assignment> = {}, packages = {}): void {
  const body: PolicyBody = { version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages };
  site.deploy(body, uidOf(number), more);
}

async function offer(number: number): Promise<Offer | undefined> {
  const { code, out } = await agent.start(['list', '-o', 'json', '--state', state]).exited;
  if (code !== 0) return undefined;
  return (JSON.parse(out) as Offer[]).find(({ deployment }) => deployment === nameOf(number));
}

describe('a program that runs first', () => {
  const runFirst = { package: 'tools', program: 'prepare' };
  const packages = (command: string): PolicyBody['packages'] => {
    const text = `#!/bin/sh\necho first >> ${folder}/ran\n${command}\n`;
    const manifest = site.addContent({ 'prepare.sh': { text, executable: true } });
    return { tools: { version: 1, manifest, programs: { prepare: { command: './prepare.sh' } } } };
  };

  it('runs before the sequence; once it has succeeded never again, also when the agent is killed behind it', async () => {
    const slow = shell('one', `test -e ${folder}/go || exec sleep 600`);
    deploy(1, { runFirst, steps: [{ ...slow, repeatable: true } as typeof slow] }, {}, packages('exit 0'));
    const first = daemon();
    await until(() => lines('ran').length === 2);
    expect(lines('ran')).toEqual(['first', 'one']);
    await kill(first);
    writeFileSync(join(folder, 'go'), '');
    daemon();
    await until(() => finished('succeeded') === 1);
    // The same program of another deployment.
    deploy(2, { runFirst, steps: [shell('two')] }, {}, packages('exit 0'));
    await until(() => finished('succeeded') === 2);
    deploy(3, { runFirst: { ...runFirst, always: true }, steps: [shell('three')] }, {}, packages('exit 0'));
    await until(() => finished('succeeded') === 3);
    expect(lines('ran')).toEqual(['first', 'one', 'one', 'two', 'first', 'three']);
  });

  it('keeps the sequence from running by its failure, and is tried again with the next run', async () => {
    deploy(1, { runFirst, steps: [shell('one')] }, {}, packages(`test -e ${folder}/go`));
    daemon();
    await until(() => finished('failed') === 1);
    expect(site.received.find(({ report }) => report.event === 'run-finished')?.report).toMatchObject({
      code: 'run.first-program-failed',
      exitCode: 1,
    });
    writeFileSync(join(folder, 'go'), '');
    deploy(2, { runFirst, steps: [shell('two')] }, {}, packages(`test -e ${folder}/go`));
    await until(() => finished('succeeded') === 1);
    expect(lines('ran')).toEqual(['first', 'first', 'two']);
  });
});

describe('a restart behind the last step', () => {
  const window = (inMinutes: number): PolicyWindow => ({
    name: 'w',
    collection: 'pilot',
    schedule: { start: new Date(Date.now() + inMinutes * 60_000).toISOString() },
    durationMinutes: 60,
  });

  it('waits for a maintenance window, is shown, survives the end of the agent, and holds up no other run', async () => {
    site.policy = { ...site.policy, windows: [window(600)] };
    const outside = { outsideWindows: true };
    deploy(1, { maximumRunTimeMinutes: 0, steps: [shell('one', 'exit 194')] }, outside);
    const first = daemon();
    await until(async () => (await offer(1))?.says.includes('waits for a maintenance window') === true);
    await kill(first);
    daemon();
    deploy(2, { steps: [shell('two')] }, outside);
    await until(() => finished('succeeded') === 1);
    expect([lines('ran'), lines('asked'), finished('restart-pending')]).toEqual([['one', 'two'], [], 1]);
    const { out } = await agent.start(['status', '--state', state]).exited;
    expect(out).toMatch(/running {2}deployment-0001, .*: done, its restart waits for a maintenance window, 20/);

    const { serial } = site.policy;
    site.policy = { ...site.policy, serial: serial + 1, windows: [window(-5)] };
    await until(() => lines('asked').length === 1);
  });

  it('comes at once where the deployment lets it, and one between steps whatever the windows are', async () => {
    site.policy = { ...site.policy, windows: [window(600)] };
    deploy(1, { steps: [shell('one', 'exit 194')] }, { outsideWindows: true, restartOutsideWindows: true });
    const first = daemon();
    await until(() => lines('asked').length === 1);
    await kill(first);
    rmSync(state, { recursive: true });
    site.policy = { ...site.policy, assignments: [], serial: site.policy.serial + 1 };
    const enrolled = agent.start(['enrol', '--server', site.url, '--token', site.token, '--state', state]);
    expect((await enrolled.exited).code).toBe(0);
    deploy(2, { steps: [shell('one', 'exit 194'), shell('two')] }, { outsideWindows: true });
    daemon();
    await until(() => lines('asked').length === 2);
  });
});

describe('people at the computer', () => {
  it('are told once before a run begins, also when the agent is killed, and whoever wants it now gets it', async () => {
    deploy(1, { steps: [shell('one')] }, { warnMinutes: 30, usersMayStart: true });
    const first = daemon();
    await until(() => lines('told').length === 1);
    expect(lines('told')[0]).toMatch(/^"deployment-0001" starts on this computer at \d\d:\d\d\.$/);
    expect((await offer(1))?.says).toMatch(/^starts at .*Z, people here are warned$/);
    await kill(first);
    daemon();
    // What has nothing to wait for begins meanwhile.
    deploy(2, { steps: [shell('two')] });
    await until(() => finished('succeeded') === 1);
    expect([lines('ran'), lines('told').length]).toEqual([['two'], 1]);
    expect((await agent.start(['start', nameOf(1), '--state', state]).exited).code).toBe(0);
    await until(() => finished('succeeded') === 2);
    expect(lines('told')).toHaveLength(1);
  });

  it('have the time of the warning, also across a kill, and are told when it does not begin after all', async () => {
    deploy(1, { steps: [shell('one')] }, { warnMinutes: 1 });
    const first = daemon();
    await until(() => lines('told').length === 1);
    await kill(first);
    // As if most of the minute were over.
    const begins = Date.now() + 4_000;
    writeFileSync(join(state, 'warnings', uidOf(1)), new Date(begins - 60_000).toISOString());
    deploy(2, { steps: [shell('two')] }, { warnMinutes: 30 });
    daemon();
    await until(() => lines('ran').length === 1);
    expect(Date.now()).toBeGreaterThanOrEqual(begins);
    await until(() => finished('succeeded') === 1);
    expect(lines('told')).toEqual([expect.stringContaining(nameOf(1)), expect.stringContaining(nameOf(2))]);
    const [one, two] = site.policy.assignments;
    const assignments = [one, { ...two, hold: 'Starts' }] as Assignment[];
    site.policy = { ...site.policy, serial: site.policy.serial + 1, assignments };
    await until(() => lines('told').length === 3);
    expect([lines('ran'), lines('told')[2]]).toEqual([['one'], '"deployment-0002" does not start now.']);
  });
});
