import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Assignment, PolicyBody, PolicySettings, PolicyWindow } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { offersOf } from '../../test/read-agent.js';
import { SiteUnderTest } from '../../test/site-under-test.js';
import type { Offer } from '../daemon/offers.js';

jest.setTimeout(120_000);
const agent = new AgentProgram();
let folder: string;
let state: string;
let site: SiteUnderTest;

beforeEach(async () => {
  // Not in a folder that may lie in memory: a restart would be refused there.
  folder = mkdtempSync('/var/tmp/muster-people-');
  state = join(folder, 'state');
  script('tell', `echo "$1" >> ${folder}/told`);
  script('restart', `echo asked >> ${folder}/asked`);
  site = await SiteUnderTest.start();
  await site.enrolAgent(state);
});
afterEach(async () => {
  await agent.killAll();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const uidOf = (number: number): string => `0193e7a0-0000-7000-8000-00000000000${number}`;
const nameOf = (number: number): string => `deployment-000${number}`;
const isoIn = (milliseconds: number): string => new Date(Date.now() + milliseconds).toISOString();

function script(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}
const daemon = (): Program =>
  agent.start(['daemon', '--state', state], {
    MUSTER_AGENT_TELL_COMMAND: join(folder, 'tell'),
    MUSTER_AGENT_SESSIONS: join(folder, 'sessions'),
    MUSTER_AGENT_RESTART: 'allow',
    MUSTER_AGENT_RESTART_COMMAND: join(folder, 'restart'),
  });
async function kill(program: Program): Promise<void> {
  program.child.kill('SIGKILL');
  await program.exited;
}
const lines = (file: string): string[] =>
  existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean) : [];
const told = (): string[] => lines('told');
const shell = (step: string, command = ':'): SequenceSpec['steps'][number] => ({
  step,
  type: 'RunCommandLine',
  settings: { command: `date +%s%3N > ${folder}/${step}-at; echo ${step} >> ${folder}/ran; ${command}`, shell: true },
});
const finished = (result: string): number =>
  new Set(site.received.filter(({ report }) => report.result === result).map(({ report }) => report.runId)).size;

function deploy(number: number, more: Partial<Assignment> = {}, spec: SequenceSpec = { steps: [shell(`s${number}`)] }) {
  const body: PolicyBody = { version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages: {} };
  site.deploy(body, uidOf(number), more);
}
/** As a site says it that knows when its deployments were made. */
const made = (number: number, ago: number): Pick<Assignment, 'deployment'> => ({
  deployment: { uid: uidOf(number), name: nameOf(number), generation: 1, createdAt: isoIn(-ago) },
});
function say(settings: PolicySettings): void {
  site.policy = { ...site.policy, settings, serial: site.policy.serial + 1 };
}
const window = (durationMinutes: number): PolicyWindow => ({
  name: 'w',
  collection: 'pilot',
  schedule: { start: isoIn(-5 * MINUTE) },
  durationMinutes,
});
async function offer(number: number): Promise<Offer | undefined> {
  return (await offersOf(state)).find(({ deployment }) => deployment === nameOf(number));
}
const snooze = (...argv: string[]) => agent.start(['snooze', ...argv, '--state', state]).exited;
const snoozeFile = (number: number): string => join(state, 'snoozes', uidOf(number));
const status = async (): Promise<string> => (await agent.start(['status', '--state', state]).exited).out;
const fatesOf = (number: number) => site.fates.filter(({ deploymentUid }) => deploymentUid === uidOf(number));

describe('reminders of what begins later', () => {
  const inDays = (days: number): Partial<Assignment> => ({
    triggers: [{ schedule: { start: isoIn(days * 24 * HOUR + HOUR / 2) } }],
  });

  it('come at once and then at the pace of the site, also when the agent is killed, and end with the deployment', async () => {
    say({ remindHours: 48, remindHoursLastDay: 4 });
    deploy(1, inDays(3));
    deploy(2, { ...inDays(3), suppressNotifications: true });
    const first = daemon();
    await until(() => told().length === 1);
    expect(told()[0]).toMatch(/^"deployment-0001" starts on this computer at \d{4}-\d\d-\d\d \d\d:\d\d\.$/);
    const next = (await offer(1))?.remindsAt ?? '';
    expect(Math.abs(Date.parse(next) - Date.now() - 48 * HOUR)).toBeLessThan(MINUTE);
    expect((await offer(2))?.remindsAt).toBeUndefined();
    const list = await agent.start(['list', '--state', state]).exited;
    expect(list.out).toContain(`; people here are reminded at ${next}`);
    await kill(first);

    const second = daemon();
    // This one it tells of when it has looked at all of them.
    deploy(3, inDays(1));
    await until(() => told().length === 2);
    expect(told()[1]).toContain('deployment-0003');
    await kill(second);

    // As if two days were over.
    writeFileSync(join(state, 'reminders', uidOf(1)), isoIn(-48 * HOUR));
    daemon();
    await until(() => told().length === 3);
    expect(told()[2]).toContain('deployment-0001');
    site.policy = { ...site.policy, assignments: [], serial: site.policy.serial + 1 };
    await until(() => !existsSync(join(state, 'reminders', uidOf(1))));
  });

  it('wait their whole pace behind a clock that was set back, and come when another policy wants them sooner', async () => {
    say({ remindHours: 48 });
    deploy(1, inDays(3));
    const first = daemon();
    await until(() => told().length === 1);
    await kill(first);
    writeFileSync(join(state, 'reminders', uidOf(1)), isoIn(100 * HOUR));
    daemon();
    const noted = () => Date.parse(readFileSync(join(state, 'reminders', uidOf(1)), 'utf8'));
    await until(() => Math.abs(noted() - Date.now()) < MINUTE);
    expect(told()).toHaveLength(1);
    writeFileSync(join(state, 'reminders', uidOf(1)), isoIn(-2 * HOUR));
    say({ remindHours: 1 });
    await until(() => told().length === 2);
  });

  it('are told by nobody where the site says nothing of them', async () => {
    deploy(1, inDays(3));
    deploy(2);
    daemon();
    await until(() => finished('succeeded') === 1);
    expect([told(), (await offer(1))?.remindsAt]).toEqual([[], undefined]);
  });
});

describe('a deployment that is new', () => {
  it('is told once, with what people may do, in its first week; not where they are to be told nothing', async () => {
    say({ announceNew: true });
    const available = { purpose: 'Available' } as const;
    deploy(1, { ...available, ...made(1, 6 * 24 * HOUR), suppressNotifications: true });
    deploy(2, { ...available, ...made(2, 8 * 24 * HOUR) });
    deploy(3, { ...available, ...made(3, 6 * 24 * HOUR) });
    deploy(4, { ...made(4, HOUR), triggers: [{ schedule: { start: isoIn(48 * HOUR) } }] });
    const first = daemon();
    await until(() => told().length === 2);
    expect(told()).toEqual([
      '"deployment-0003" is new. To start it now: muster-agent start deployment-0003',
      expect.stringMatching(/^"deployment-0004" is new\. It starts on this computer at \d{4}-.*:\d\d\.$/),
    ]);
    expect([(await offer(2))?.isNew, (await offer(3))?.isNew]).toEqual([undefined, true]);
    const { out } = await agent.start(['list', '--state', state]).exited;
    expect(out).toMatch(/deployment-0003 +Available +new +starts when somebody asks/);
    await kill(first);
    daemon();
    deploy(5, { ...available, ...made(5, HOUR) });
    await until(() => told().length === 3);
    expect(told()[2]).toContain('deployment-0005');
    expect((await agent.start(['start', nameOf(3), '--state', state]).exited).code).toBe(0);
    await until(() => finished('succeeded') === 1);
    expect((await offer(3))?.isNew).toBeUndefined();
  });
});

describe('a start that people put off', () => {
  const warned = { warnMinutes: 30, usersMayStart: true };

  it('comes so much later, is told to the site, survives a kill, and goes no further than the site lets it', async () => {
    say({ snoozeMinutes: 60 });
    deploy(1, warned);
    const first = daemon();
    await until(() => told().length === 1);
    const before = Date.parse((await offer(1))?.says.split(' ')[2]?.replace(',', '') ?? '');
    const far = await snooze('--for', '2h');
    expect([far.code, far.error]).toEqual([
      1,
      expect.stringMatching(/^snooze\.too-long: .*by 120 min: --for 60m is the most/),
    ]);
    const put = await snooze(nameOf(1), '--for', '45m');
    const later = new Date(before + 45 * MINUTE).toISOString();
    expect([put.code, put.out.trim()]).toEqual([
      0,
      `deployment-0001 starts at ${later}, and may be put off by 15 min more`,
    ]);
    await until(() => fatesOf(1).at(-1)?.delivery?.reason === 'snoozed');
    expect(fatesOf(1).at(-1)?.delivery).toMatchObject({ until: later, says: `put off by people here until ${later}` });
    await kill(first);
    daemon();
    deploy(2);
    await until(() => finished('succeeded') === 1);
    expect((await offer(1))?.says).toBe(`put off by people here until ${later}`);
    // They are told again when it is as near as a warning is.
    expect(told()).toHaveLength(1);
    expect((await snooze('--for', '15m')).code).toBe(0);
    expect((await snooze()).error).toMatch(/^snooze\.too-long: .*put off as far as it may be/);
  });

  it('is told again when it is near, and begins at its time', async () => {
    say({ snoozeMinutes: 240 });
    deploy(1, { ...warned, warnMinutes: 1 });
    const first = daemon();
    await until(() => told().length === 1);
    await kill(first);
    // As if it had been put off a while ago.
    const begins = Date.now() + 6_000;
    const note = { at: Date.now() - 1000, first: begins - HOUR, until: begins };
    writeFileSync(snoozeFile(1), JSON.stringify(note));
    daemon();
    await until(() => told().length === 2);
    await until(() => finished('succeeded') === 1);
    expect(Number(lines('s1-at')[0])).toBeGreaterThanOrEqual(begins);
    await until(() => !existsSync(snoozeFile(1)));
    expect(told()).toHaveLength(2);
  });

  it('is warned of anew when the site lets people put off nothing any more', async () => {
    say({ snoozeMinutes: 240 });
    deploy(1, warned);
    daemon();
    await until(() => told().length === 1);
    expect((await snooze('--for', '3h')).code).toBe(0);
    await until(async () => (await offer(1))?.says.startsWith('put off') === true);
    say({});
    await until(async () => (await offer(1))?.says.endsWith('people here are warned') === true);
    const refused = await snooze();
    expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('snoozeMinutes')]);
  });

  it('fits into its window with all of its run', async () => {
    site.policy = { ...site.policy, windows: [window(5 + 60 + 50)] };
    say({ snoozeMinutes: 240 });
    deploy(1, warned, { maximumRunTimeMinutes: 60, steps: [shell('s1')] });
    daemon();
    await until(() => told().length === 1);
    const far = await snooze('--for', '30m');
    expect(far.error).toMatch(/^snooze\.too-long: .*--for 18m is the most/);
    expect((await snooze('--for', '18m')).code).toBe(0);
    // What somebody asks for is put off by nothing.
    expect((await agent.start(['start', nameOf(1), '--state', state]).exited).code).toBe(0);
    await until(() => finished('succeeded') === 1);
  });

  it('is refused to people who may not start it, and where there is none or are several', async () => {
    say({ snoozeMinutes: 240 });
    deploy(1, { warnMinutes: 30 });
    daemon();
    await until(() => told().length === 1);
    expect((await snooze()).error).toMatch(/^snooze\.not-allowed: .*usersMayStart/);
    expect((await snooze('nothing')).error).toMatch(/^snooze\.nothing: no "nothing" .*; there is deployment-0001/);
    deploy(2, warned);
    await until(() => told().length === 2);
    expect((await snooze()).error).toMatch(/^snooze\.ambiguous: .*deployment-0001 \(its start\), deployment-0002/);
    const wrong = await snooze('--for', '1d');
    expect([wrong.code, wrong.error]).toEqual([2, expect.stringContaining('45m or 2h is expected')]);
    say({ snoozeMinutes: 240, usersMayStart: false });
    await until(async () => (await snooze(nameOf(2))).error.includes('nobody at this computer may start anything'));
  });
});

describe('a restart behind the last step', () => {
  const restarts = (): SequenceSpec => ({ steps: [shell('s1', 'exit 194')] });
  const counts = async (): Promise<boolean> => (await offer(1))?.says.startsWith('this computer restarts in ') === true;
  const until1 = async (): Promise<string | undefined> => / at (20[^;]*)/.exec((await offer(1))?.says ?? '')?.[1];

  it('is counted down as long as the settings say, and goes on being so when the agent is killed', async () => {
    say({ restartWarnMinutes: 90 });
    deploy(1, {}, restarts());
    const first = daemon();
    await until(counts);
    const at = await until1();
    expect(Math.abs(Date.parse(at ?? '') - Date.now() - 90 * MINUTE)).toBeLessThan(MINUTE);
    await until(() => told().length === 1);
    await kill(first);
    const log = daemon();
    await until(() => log.log().includes('the computer restarts'));
    await until(counts);
    expect([await until1(), told().length]).toEqual([at, 1]);
    expect((await snooze('restart')).error).toMatch(/^snooze\.not-allowed: .*snoozeMinutes/);
  });

  it('that people put off lets other runs go on, is told to the site, survives a kill, and comes at its time', async () => {
    say({ restartWarnMinutes: 30, snoozeMinutes: 240 });
    deploy(1, {}, restarts());
    const first = daemon();
    await until(counts);
    const at = Date.parse((await until1()) ?? '');
    const put = await snooze('restart', '--for', '1h');
    const later = new Date(at + HOUR).toISOString();
    expect([put.error, put.out.trim()]).toEqual([
      '',
      `this computer restarts for deployment-0001 at ${later}, and may be put off by 180 min more`,
    ]);
    const says = `done, its restart is put off by people here until ${later}`;
    await until(async () => (await offer(1))?.says === says);
    expect(await status()).toContain(says);
    await until(() => fatesOf(1).at(-1)?.delivery?.reason === 'snoozed');
    expect(fatesOf(1).at(-1)?.delivery).toMatchObject({ until: later, says });
    await kill(first);
    const second = daemon();
    deploy(2);
    await until(() => finished('succeeded') === 1);
    expect([lines('ran'), lines('asked'), (await offer(1))?.says]).toEqual([['s1', 's2'], [], says]);
    await kill(second);

    // As if its time were near.
    const comes = Date.now() + 5_000;
    writeFileSync(snoozeFile(1), JSON.stringify({ at: Date.now() - 1000, first: comes - HOUR, until: comes }));
    daemon();
    await until(async () => (await offer(1))?.says.endsWith('people here put it off until then') === true);
    await until(() => lines('asked').length === 1);
    expect(Date.now()).toBeGreaterThanOrEqual(comes);
    expect(finished('restart-pending')).toBe(1);
  });

  it('is counted down anew when the site lets people put off nothing any more, and waits when its window is gone', async () => {
    say({ restartWarnMinutes: 30, snoozeMinutes: 240 });
    site.policy = { ...site.policy, windows: [window(300)] };
    deploy(1, {}, restarts());
    daemon();
    await until(counts);
    expect((await snooze('restart', '--for', '2h')).code).toBe(0);
    await until(async () => (await offer(1))?.says.startsWith('done, its restart is put off') === true);
    const { serial } = site.policy;
    site.policy = {
      ...site.policy,
      serial: serial + 1,
      windows: [{ ...window(60), schedule: { start: isoIn(HOUR) } }],
    };
    await until(async () => (await offer(1))?.says.includes('waits for a maintenance window') === true);
    site.policy = { ...site.policy, serial: serial + 2, windows: [window(300)] };
    await until(async () => (await offer(1))?.says.startsWith('done, its restart is put off') === true);
    say({ restartWarnMinutes: 30 });
    await until(counts);
    expect(Math.abs(Date.parse((await until1()) ?? '') - Date.now() - 30 * MINUTE)).toBeLessThan(MINUTE);
    await until(() => told().length === 2);
  });

  it('ends with its run when the site stops that, though it is counted down', async () => {
    say({ restartWarnMinutes: 90 });
    deploy(1, {}, restarts());
    daemon();
    await until(counts);
    const [one] = site.policy.assignments;
    const assignments = [{ ...one, hold: 'Runs' }] as Assignment[];
    site.policy = { ...site.policy, serial: site.policy.serial + 1, assignments };
    await until(() => finished('failed') === 1);
    expect(lines('asked')).toEqual([]);
  });

  it('is not put off between two steps, nor when people were told for the last time', async () => {
    say({ restartWarnMinutes: 30, restartFinalMinutes: 60, snoozeMinutes: 240 });
    const between = { step: 'restart', type: 'RestartComputer', settings: { delaySeconds: 600 } } as const;
    deploy(1, {}, { steps: [between, shell('s1')] });
    daemon();
    await until(counts);
    expect((await snooze('restart')).error).toMatch(/^snooze\.not-allowed: .*between two steps/);
    site.policy = {
      ...site.policy,
      assignments: [],
      serial: site.policy.serial + 1,
      stops: { deployments: [uidOf(1)] },
    };
    await until(() => finished('failed') === 1);
    deploy(2, {}, restarts());
    await until(async () => (await offer(2))?.says.startsWith('this computer restarts in ') === true);
    expect((await snooze('restart')).error).toMatch(/^snooze\.not-allowed: .*told for the last time/);
  });
});
