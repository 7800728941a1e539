import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Assignment, PolicyBody, PolicySettings, PolicyWindow } from '@muster/contracts/agent/policy.js';
import { magicPacket } from '@muster/contracts/agent/wake-up.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { offersOf } from '../../test/read-agent.js';
import { SiteUnderTest } from '../../test/site-under-test.js';
import { ToldComputer } from '../../test/told-computer.js';
import { ownBroadcasts } from '../wake-neighbours/send-packets.js';
import type { Offer } from './offers.js';

jest.setTimeout(120_000);
const agent = new AgentProgram();
let computer: ToldComputer;
let folder: string;
let state: string;
let site: SiteUnderTest;

beforeEach(async () => {
  computer = new ToldComputer('settings');
  ({ folder, state } = computer);
  site = await SiteUnderTest.start();
  await site.enrolAgent(state);
});
afterEach(async () => {
  await agent.killAll();
  await site.close();
  computer.remove();
});

const uidOf = (number: number): string => `0193e7a0-0000-7000-8000-00000000000${number}`;
const nameOf = (number: number): string => `deployment-000${number}`;

const daemon = (more: NodeJS.ProcessEnv = {}): Program =>
  agent.start(['daemon', '--state', state], { ...more, ...computer.environment });
async function kill(program: Program): Promise<void> {
  program.child.kill('SIGKILL');
  await program.exited;
}
const lines = (file: string): string[] => computer.lines(file);
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
  return (await offersOf(state)).find(({ deployment }) => deployment === nameOf(number));
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
    await site.enrolAgent(state);
    deploy(2, { steps: [shell('one', 'exit 194'), shell('two')] }, { outsideWindows: true });
    daemon();
    await until(() => lines('asked').length === 2);
  });
});

describe('a restart that people wait for', () => {
  it('is counted down for who asks, and is said to be up to them where the agent may not do it', async () => {
    const restart = { step: 'restart', type: 'RestartComputer', settings: { delaySeconds: 600 } } as const;
    deploy(1, { steps: [restart, shell('two')] });
    const first = daemon();
    await until(async () => (await offer(1))?.says.startsWith('this computer restarts in ') === true);
    const status = async () => (await agent.start(['status', '--state', state]).exited).out;
    expect(await status()).toMatch(/running {2}deployment-0001, .*: this computer restarts in \d{1,3} s, at 20/);
    expect(lines('asked')).toEqual([]);
    await kill(first);
    agent.start(['daemon', '--state', state], { MUSTER_AGENT_RESTART: 'never' });
    await until(async () => (await offer(1))?.says === 'waits until somebody restarts this computer');
    expect(await status()).toMatch(/running {2}deployment-0001, .*: waits until somebody restarts this computer/);
  });
});

describe('content and connections', () => {
  const install = (name: string, number: number): [SequenceSpec, PolicyBody['packages']] => {
    const manifest = site.addContent({ [`${name}.sh`]: { text: `#!/bin/sh\n# ${number}\n`, executable: true } });
    const step = { step: name, type: 'InstallPackage', settings: { package: name, program: 'go' } };
    return [{ steps: [step] }, { [name]: { version: 1, manifest, programs: { go: { command: `./${name}.sh` } } } }];
  };
  const cached = async (): Promise<number> => {
    const { out } = await agent.start(['cache', 'list', '-o', 'json', '--state', state]).exited;
    return (JSON.parse(out || '{}') as { versions?: unknown[] }).versions?.length ?? 0;
  };

  it('of an Available deployment that fetches ahead is there before anybody asks', async () => {
    const [spec, packages] = install('ahead', 1);
    const [other, others] = install('later', 2);
    deploy(1, spec, { purpose: 'Available', fetchAhead: true }, packages);
    deploy(2, other, { purpose: 'Available' }, others);
    daemon();
    await until(async () => (await cached()) === 1);
    expect((await offer(1))?.state).toBe('offered');
    site.points = [];
    expect((await agent.start(['start', nameOf(1), '--state', state]).exited).code).toBe(0);
    await until(() => finished('succeeded') === 1);
    expect(await cached()).toBe(1);
  });

  it('that is meant for other computers is not fetched ahead, and comes when somebody asks', async () => {
    const [spec, packages] = install('mine', 1);
    const [other, others] = install('theirs', 2);
    const theirs = {
      ...others['theirs']!,
      meantFor: { architecture: process.arch === 'arm64' ? 'x64' : 'arm64' },
    } as const;
    const both = { steps: [...spec.steps, ...other.steps] };
    deploy(1, both, { purpose: 'Available', fetchAhead: true }, { ...packages, theirs });
    daemon();
    await until(async () => (await cached()) === 1);
    expect((await offer(1))?.state).toBe('offered');
    expect((await agent.start(['start', nameOf(1), '--state', state]).exited).code).toBe(0);
    await until(() => finished('succeeded') === 1);
    expect(await cached()).toBe(2);
  });

  it('from the point passes the cache by, however small that is, and is gone when its step has ended', async () => {
    const large = '#'.repeat(2 * 1024 * 1024);
    const log = join(folder, 'content-of-step');
    const text = `#!/bin/sh\npwd >> ${log}\nls "$(dirname "$0")" >> ${log}\n${large}\n`;
    const manifest = site.addContent({ 'large.sh': { text, executable: true }, 'beside.txt': { text: 'beside' } });
    const packages = { large: { version: 1, manifest, programs: { go: { command: './large.sh' } } } };
    const step = (name: string) => ({
      step: name,
      type: 'InstallPackage',
      settings: { package: 'large', program: 'go' },
    });
    const spec = { steps: [step('one'), step('two')] };
    deploy(1, spec, {}, packages);
    deploy(2, spec, { content: 'FromPoint' }, packages);
    daemon({ MUSTER_AGENT_CACHE_MB: '1' });
    await until(() => finished('succeeded') === 1 && finished('failed') === 1);
    const [first = '', ...rest] = readFileSync(log, 'utf8').trim().split('\n');
    expect(first).toContain(join(state, 'cache', 'passing'));
    expect(rest).toEqual(['beside.txt', 'large.sh', first, 'beside.txt', 'large.sh']);
    const kept = (name: string): string[] => readdirSync(join(state, 'cache', name));
    expect([existsSync(join(state, 'cache', 'passing')), kept('packages'), kept('blobs/sha256')]).toEqual([
      false,
      [],
      [],
    ]);
  });

  it('that are metered keep a trigger waiting, unless the deployment may use them, and never people', async () => {
    deploy(1, { steps: [shell('one')] }, { usersMayStart: true });
    deploy(2, { steps: [shell('two')] }, { onMetered: true });
    const [spec, packages] = install('ahead', 3);
    deploy(3, spec, { purpose: 'Available', fetchAhead: true }, packages);
    const first = daemon({ MUSTER_AGENT_METERED: 'yes' });
    await until(() => finished('succeeded') === 1);
    await until(async () => (await offer(1))?.says === 'waits for a connection that is not metered');
    expect([lines('ran'), await cached()]).toEqual([['two'], 0]);
    expect((await agent.start(['start', nameOf(1), '--state', state]).exited).code).toBe(0);
    await until(() => finished('succeeded') === 2);
    await kill(first);
    daemon({ MUSTER_AGENT_METERED: 'no' });
    await until(async () => (await cached()) === 1);
  });
});

describe('a computer that is elsewhere, or forgets', () => {
  it('runs only what is for such computers, whoever asks, and fetches from points for the Internet', async () => {
    const manifest = site.addContent({ 'go.sh': { text: '#!/bin/sh\n', executable: true } });
    const packages = { tools: { version: 1, manifest, programs: { go: { command: './go.sh' } } } };
    deploy(1, { steps: [shell('one')] }, { usersMayStart: true });
    const install = { step: 'two', type: 'InstallPackage', settings: { package: 'tools', program: 'go' } };
    deploy(2, { steps: [install] }, { onInternet: true, neighbourPoints: false }, packages);
    deploy(3, { steps: [shell('three')] }, { onInternet: true, onWriteFilter: false });
    const elsewhere = daemon({ MUSTER_AGENT_INTRANET: 'none', MUSTER_AGENT_WRITE_FILTER: 'yes' });
    await until(() => finished('succeeded') === 1);
    const reach = { neighbours: false, defaultGroup: true, internet: true };
    expect(site.located.map((one) => one.reach)).toEqual(expect.arrayContaining([reach]));
    expect((await offer(1))?.says).toContain('on the Internet');
    expect((await offer(3))?.says).toContain('a write filter would drop what it changes');
    const asked = await agent.start(['start', nameOf(1), '--state', state]).exited;
    expect([asked.code, asked.error]).toEqual([1, expect.stringContaining('on the Internet')]);
    await kill(elsewhere);
    daemon({ MUSTER_AGENT_INTRANET: '0.0.0.0/0,::/0', MUSTER_AGENT_WRITE_FILTER: 'no' });
    await until(() => finished('succeeded') === 3);
    expect(lines('ran').sort()).toEqual(['one', 'three']);
  });
});

const [broadcast] = ownBroadcasts();
(broadcast === undefined ? it.skip : it)(
  'a daemon sends packets in its own network when the site says who sleeps there',
  async () => {
    const socket = createSocket('udp4');
    const packets: string[] = [];
    socket.on('message', (bytes) => packets.push(bytes.toString('hex')));
    socket.bind(0);
    await once(socket, 'listening');
    try {
      const { port } = socket.address();
      daemon();
      await until(() => site.listeners.size > 0);
      const mac = '02:fc:00:00:00:0a';
      const neighbours = [{ mac, address: broadcast ?? '', port }];
      site.wake({ withinSeconds: 0, neighbours });
      await until(() => packets.length > 0);
      expect(packets).toEqual([magicPacket(mac).toString('hex')]);
    } finally {
      socket.close();
    }
  },
);

describe('a trigger of people', () => {
  /** As systemd-logind tells it. */
  const logOn = (id: string): void =>
    writeFileSync(join(folder, 'sessions', id), `USER=ann\nSTATE=active\nCLASS=user\nREALTIME=${Date.now()}000\n`);

  it('runs a deployment when somebody logs on, and another when somebody has logged off, also without the agent', async () => {
    mkdirSync(join(folder, 'sessions'));
    deploy(1, { steps: [shell('on')] }, { triggers: [{ event: 'LogOn' }] });
    deploy(2, { steps: [shell('off')] }, { triggers: [{ event: 'LogOff' }] });
    const first = daemon();
    await until(async () => (await offer(1))?.state === 'waiting');
    logOn('1');
    await until(() => finished('succeeded') === 1);
    logOn('c2');
    await until(() => finished('succeeded') === 2);
    expect(lines('ran')).toEqual(['on', 'on']);
    await kill(first);
    rmSync(join(folder, 'sessions', '1'));
    daemon();
    await until(() => finished('succeeded') === 3);
    expect(lines('ran')).toEqual(['on', 'on', 'off']);
  });

  it('is said not to come where nobody knows who logs on', async () => {
    deploy(1, { steps: [shell('on')] }, { triggers: [{ event: 'LogOn' }] });
    daemon();
    await until(
      async () =>
        (await offer(1))?.says.endsWith('without systemd-logind nobody knows here who logs on or off') === true,
    );
  });
});

describe('people at the computer', () => {
  it('are told the words of a sequence that may take systems away, nothing where they are not to be told, and where a run is', async () => {
    const paragraphs = ['a', 'b', 'c'];
    const slow = shell('slow', `while ! test -e ${folder}/go; do sleep 0.1; done`);
    const text = { headline: 'All data goes', paragraphs };
    deploy(1, { highImpact: true, highImpactText: text, steps: [slow] }, { warnMinutes: 30, usersMayStart: true });
    deploy(2, { suppressNotifications: true, steps: [shell('two')] }, { warnMinutes: 30 });
    daemon();
    await until(() => lines('told').length === 5);
    expect(lines('told').slice(1)).toEqual(['All data goes', 'a', 'b', 'c']);
    await until(async () => (await offer(2))?.says.endsWith('people here are warned') === true);
    expect(lines('told')).toHaveLength(5);
    const { out } = await agent.start(['start', nameOf(1), '--state', state]).exited;
    expect(out).toContain('All data goes\na\nb\nc\n');
    const status = async (): Promise<string> => (await agent.start(['status', '--state', state]).exited).out;
    await until(async () => (await status()).includes(': step 1 of 1, slow'));
    const [one, two] = site.policy.assignments;
    const assignments = [{ ...one, showProgress: false }, two] as Assignment[];
    site.policy = { ...site.policy, serial: site.policy.serial + 1, assignments };
    await until(async () => /running .*Z\n/.test(await status()));
    writeFileSync(join(folder, 'go'), '');
    await until(() => finished('succeeded') === 1);
  });

  it('are not shown where a run is that began so, also when its deployment has ended meanwhile', async () => {
    const slow = shell('slow', `touch ${folder}/began; while ! test -e ${folder}/go; do sleep 0.1; done`);
    deploy(1, { steps: [slow] }, { showProgress: false });
    daemon();
    await until(() => existsSync(join(folder, 'began')));
    site.policy = { ...site.policy, serial: site.policy.serial + 1, assignments: [] };
    const status = async (): Promise<string> => (await agent.start(['status', '--state', state]).exited).out;
    await until(async () => (await status()).includes('deployments: none'));
    expect(await status()).toMatch(/running .*Z\n/);
    writeFileSync(join(folder, 'go'), '');
    await until(() => finished('succeeded') === 1);
  });

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

describe('the settings of the site', () => {
  const say = (settings: PolicySettings, pollSeconds = 1): void => {
    site.policy = { ...site.policy, settings, pollSeconds, serial: site.policy.serial + 1 };
  };
  const ask = async () => (await agent.start(['start', nameOf(1), '--state', state]).exited).code;
  const status = async () => (await agent.start(['status', '--state', state]).exited).out;

  it('let nobody at the computer start anything, and forget what was asked, while Required ones run', async () => {
    deploy(1, { steps: [shell('one')] }, { purpose: 'Available' });
    say({ usersMayStart: false });
    daemon();
    await until(async () => (await offer(1))?.says.startsWith('nobody at this computer may start anything') === true);
    expect((await offer(1))?.mayStart).toBe(false);
    const refused = await agent.start(['start', nameOf(1), '--state', state]).exited;
    expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('start.not-allowed')]);
    // Whoever asks behind the command's back is not heard either, now or when people may ask again.
    mkdirSync(join(state, 'requests'), { recursive: true });
    writeFileSync(join(state, 'requests', uidOf(1)), new Date().toISOString());
    await until(() => !existsSync(join(state, 'requests', uidOf(1))));
    deploy(2, { steps: [shell('two')] });
    await until(() => finished('succeeded') === 1);
    say({});
    await until(async () => (await offer(1))?.mayStart === true);
    expect(finished('succeeded')).toBe(1);
    expect(await ask()).toBe(0);
    await until(() => finished('succeeded') === 2);
  });

  it('win over what the agent was started with, are shown, and hold without the site', async () => {
    say({ cacheMegabytes: 7, organisationName: 'Example Works' });
    const first = daemon({ MUSTER_AGENT_CACHE_MB: '9' });
    const limit = async () => {
      const { out } = await agent.start(['cache', 'list', '-o', 'json', '--state', state], {
        MUSTER_AGENT_CACHE_MB: '9',
      }).exited;
      return (JSON.parse(out || '{}') as { limitBytes?: number }).limitBytes;
    };
    await until(async () => (await limit()) === 7 * 1024 * 1024);
    await kill(first);
    expect(await limit()).toBe(7 * 1024 * 1024);
    expect(await status()).toContain(
      'settings asks for policy every 1 s, cacheMegabytes 7, organisationName Example Works',
    );
    say({});
    daemon({ MUSTER_AGENT_CACHE_MB: '9' });
    await until(async () => (await limit()) === 9 * 1024 * 1024);
  });

  it('name the organisation to people, and to runs beside their deployment and site', async () => {
    say({ organisationName: 'Example Works' });
    const seen = join(folder, 'organisation');
    const said = '%_SMSTSOrgName% %_SMSTSAdvertID% %_SMSTSSiteCode% %_SMSTSMP%:%_SMSTSMPPort%';
    deploy(1, { steps: [shell('one', `echo ${said} > ${seen}`)] });
    daemon();
    await until(() => finished('succeeded') === 1);
    expect(lines('organisation')).toEqual([`Example Works deployment-0001 tst ${new URL(site.url).host}`]);
    deploy(2, { steps: [shell('two')] }, { warnMinutes: 1 });
    await until(() => lines('told').length > 0);
    expect(lines('told')[0]).toMatch(/^Example Works: "deployment-0002" starts on this computer at /);
  });
});
