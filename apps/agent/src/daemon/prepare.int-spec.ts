import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Assignment } from '@muster/contracts/agent/policy.js';
import { type Digest, digestOf, digestOfBytes } from '@muster/contracts/digest.js';
import type { StepReport } from '@muster/sequence/report.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { offersOf } from '../../test/read-agent.js';
import { SiteUnderTest } from '../../test/site-under-test.js';
import type { Offer } from './offers.js';
import { stateFolder } from '../identity/state-folder.js';
import { type AgentStatus, readStatus } from './status-command.js';

const agent = new AgentProgram();
jest.setTimeout(120_000);

let folder: string;
let state: string;
let site: SiteUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-prepare-'));
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
const name = (last: string): string => `deployment-000${last}`;
const daemon = (megabytes = 100): Program =>
  agent.start(['daemon', '--state', state], { MUSTER_AGENT_CACHE_MB: String(megabytes) });
const reportsOf = (last: string): StepReport[] =>
  site.received.flatMap(({ deploymentUid, report }) => (deploymentUid === uid(last) ? [report] : []));
const endOf = (last: string): StepReport | undefined => reportsOf(last).find(({ event }) => event === 'run-finished');
const downloads = (): string[] => site.requests.filter((request) => request.startsWith('GET /dp'));
const laidOut = (manifest: Digest): boolean => existsSync(join(state, 'cache/packages', manifest.slice(7)));

/** Deploys a sequence that installs one package after another. */
function deploy(last: string, manifests: readonly Digest[], more: Partial<Assignment> = {}): void {
  const packages = Object.fromEntries(
    manifests.map((manifest, index) => [
      `tool${index}`,
      { version: 1, manifest, programs: { install: { command: './install', arguments: [] } } },
    ]),
  );
  const spec = {
    steps: Object.keys(packages).map((tool) => ({
      step: `install ${tool}`,
      type: 'InstallPackage',
      settings: { package: tool, program: 'install' },
    })),
  };
  site.deploy({ version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages }, uid(last), more);
}

/** A package of one program and one file of so many bytes. */
const addPackage = (letter: string, bytes = 1000): Digest =>
  site.addContent({
    install: { text: `#!/bin/sh\n: ${letter}\n`, executable: true },
    data: { text: Buffer.alloc(bytes, letter) },
  });

/** Nothing has these versions until `back`. */
function withdraw(...manifests: readonly Digest[]): () => void {
  const lists = manifests.map((digest) => [digest, site.manifests.get(digest)!] as const);
  const gone = new Set<string>();
  for (const [, { files }] of lists) for (const { digest } of files) gone.add(digest);
  site.withoutLocation = gone;
  return () => (site.withoutLocation = new Set());
}

async function offerOf(last: string): Promise<Offer | undefined> {
  return (await offersOf(state)).find(({ deployment }) => deployment === name(last));
}

const status = (): Promise<AgentStatus> => readStatus(stateFolder(state));

describe('content that cannot be had', () => {
  it('fails an Available run at once, before its first step, and says so in report and history', async () => {
    const manifest = addPackage('a');
    withdraw(manifest);
    deploy('a', [manifest], { purpose: 'Available' });
    daemon();
    await until(async () => (await offerOf('a'))?.state === 'offered');
    expect((await agent.start(['start', name('a'), '--state', state]).exited).code).toBe(0);
    await until(() => endOf('a') !== undefined);
    expect(endOf('a')).toMatchObject({ result: 'failed', code: 'content.no-location' });
    expect(endOf('a')?.message).toContain('package "tool0" version 1');
    expect(reportsOf('a').map(({ event }) => event)).toEqual(['run-started', 'run-finished']);
    const { endedRuns, preparing } = await status();
    expect([endedRuns[0]?.code, preparing]).toEqual(['content.no-location', []]);
    expect((await offerOf('a'))?.state).toBe('offered');
  });

  it('fails a Required run whose deployment the site takes away at its end, by a clock that is ahead, and says so', async () => {
    const manifest = addPackage('a');
    withdraw(manifest);
    deploy('a', [manifest], { expiresAt: new Date(Date.now() + 15_000).toISOString() });
    deploy('b', [manifest], { expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    daemon();
    await until(async () => (await status()).preparing.length === 2);
    site.policy = { ...site.policy, serial: site.policy.serial + 1, assignments: [] };
    await until(() => endOf('a') !== undefined);
    expect(endOf('a')).toMatchObject({ result: 'failed', code: 'content.deadline-passed' });
    const { endedRuns, preparing } = await status();
    expect([endedRuns[0]?.deployment.name, endedRuns[0]?.code]).toEqual([name('a'), 'content.deadline-passed']);
    expect([preparing, reportsOf('b')]).toEqual([[], []]);
  });

  it('is waited for by an Available run too when the site brings it because it was asked for, and says so', async () => {
    const manifest = addPackage('a');
    const back = withdraw(manifest);
    site.withoutLocationCode = 'content.on-its-way';
    deploy('a', [manifest], { purpose: 'Available' });
    daemon();
    await until(async () => (await offerOf('a'))?.state === 'offered');
    expect((await agent.start(['start', name('a'), '--state', state]).exited).code).toBe(0);
    await until(async () =>
      /waits for its content .*content\.on-its-way: package "tool0"/.test((await offerOf('a'))?.says ?? ''),
    );
    expect(endOf('a')).toBeUndefined();
    back();
    await until(() => endOf('a') !== undefined);
    expect(endOf('a')).toMatchObject({ result: 'succeeded' });
  });

  it('is waited for by a Required run, also across kill -9, while others run; it goes on when it comes', async () => {
    const manifest = addPackage('a');
    const back = withdraw(manifest);
    deploy('a', [manifest]);
    deploy('b', [addPackage('b')]);
    const first = daemon();
    await until(() => endOf('b') !== undefined);
    expect(endOf('b')).toMatchObject({ result: 'succeeded' });
    // Between two looks the next try may begin.
    const waits = /waits for its content until .*next try at .*content\.no-location: package "tool0"/;
    await until(async () => waits.test((await offerOf('a'))?.says ?? ''));
    const [before] = (await status()).preparing;
    first.child.kill('SIGKILL');
    await first.exited;
    daemon();
    await until(async () => ((await status()).preparing[0]?.tries ?? 0) > (before?.tries ?? 0));
    expect((await status()).preparing[0]).toMatchObject({ since: before?.since, deadline: before?.deadline });
    back();
    await until(() => endOf('a') !== undefined);
    expect(endOf('a')).toMatchObject({ result: 'succeeded' });
    expect((await status()).preparing).toEqual([]);
  });

  it('is asked for at the points that its deployment allows, ahead of the run and in it', async () => {
    const [a, b, c] = [addPackage('a'), addPackage('b'), addPackage('c')];
    deploy('a', [a], { neighbourPoints: false, content: 'BeforeStart' });
    deploy('b', [b], { defaultGroupPoints: false });
    deploy('c', [c]);
    daemon();
    await until(() => ['a', 'b', 'c'].every((last) => endOf(last)?.result === 'succeeded'));
    const asked = (manifest: Digest) => [
      ...new Set(site.located.flatMap((one) => (one.manifest === manifest ? [JSON.stringify(one.reach ?? null)] : []))),
    ];
    expect(asked(a)).toEqual(['{"neighbours":false,"defaultGroup":true}']);
    expect(asked(b)).toEqual(['{"neighbours":true,"defaultGroup":false}']);
    expect(asked(c)).toEqual(['null']);
  });

  it('fails a Required run when the deployment ends', async () => {
    const manifest = addPackage('a');
    withdraw(manifest);
    deploy('a', [manifest], { expiresAt: new Date(Date.now() + 12_000).toISOString() });
    daemon();
    await until(() => endOf('a') !== undefined);
    expect(endOf('a')).toMatchObject({ result: 'failed', code: 'content.deadline-passed' });
    expect(endOf('a')?.message).toContain('content.no-location');
    expect((await offerOf('a'))?.state).toBe('expired');
  });

  it('fails a Required run at once when it was removed', async () => {
    const manifest = addPackage('a');
    site.manifests.delete(manifest);
    deploy('a', [manifest]);
    daemon();
    await until(() => endOf('a') !== undefined);
    expect(endOf('a')).toMatchObject({ result: 'failed', code: 'content.removed' });
  });
});

describe('content before the start', () => {
  it('is all here before the first step, ahead of the trigger', async () => {
    const manifests = [addPackage('a'), addPackage('b')];
    const start = new Date(Date.now() + 15_000);
    deploy('a', manifests, { content: 'BeforeStart', triggers: [{ schedule: { start: start.toISOString() } }] });
    daemon();
    await until(() => manifests.every(laidOut));
    expect(reportsOf('a')).toEqual([]);
    const asked = downloads().length;
    await until(() => endOf('a') !== undefined);
    expect(endOf('a')).toMatchObject({ result: 'succeeded' });
    expect(Date.parse(reportsOf('a')[0]?.at ?? '')).toBeGreaterThanOrEqual(start.getTime());
    expect(downloads()).toHaveLength(asked);
  });

  it('is continued where kill -9 left it: only the rest comes', async () => {
    const bytes = 4_000_000;
    const manifest = addPackage('a', bytes);
    const data = digestOfBytes(Buffer.alloc(bytes, 'a'));
    const half = 2_500_000;
    site.stallAt = half;
    deploy('a', [manifest], { content: 'BeforeStart' });
    const first = daemon();
    const partial = join(state, 'cache/partial', data.slice(7));
    await until(() => existsSync(partial) && statSync(partial).size >= 1_000_000);
    expect((await offerOf('a'))?.state).toBe('fetching');
    first.child.kill('SIGKILL');
    await first.exited;
    const kept = statSync(partial).size;
    site.stallAt = undefined;
    daemon();
    await until(() => endOf('a') !== undefined);
    expect(endOf('a')).toMatchObject({ result: 'succeeded' });
    expect(downloads()).toContain(`GET /dp1/${data} bytes=${kept}-`);
    expect(downloads().filter((request) => request.includes(data))).toHaveLength(2);
  });

  it('fails the run when it is larger than the whole cache, and nothing is fetched', async () => {
    deploy('a', [addPackage('a', 600_000), addPackage('b', 600_000)], { content: 'BeforeStart' });
    daemon(1);
    await until(() => endOf('a') !== undefined);
    expect(endOf('a')).toMatchObject({ result: 'failed', code: 'content.larger-than-cache' });
    expect(downloads()).toEqual([]);
    expect(readdirSync(join(state, 'cache/packages'))).toEqual([]);
  });

  it('waits for room that another run needs, a Required one; an Available one fails at once', async () => {
    const held = addPackage('a', 600_000);
    const triggers: Assignment['triggers'] = [{ schedule: { start: '2099-01-01T00:00Z' } }];
    deploy('a', [held], { content: 'BeforeStart', triggers });
    daemon(1);
    await until(() => laidOut(held));
    deploy('b', [addPackage('b', 600_000)], { content: 'BeforeStart' });
    deploy('c', [addPackage('c', 600_000)], { content: 'BeforeStart', purpose: 'Available' });
    await until(async () => (await offerOf('b'))?.state === 'waits-for-content');
    expect((await offerOf('b'))?.says).toContain('content.cache-full');
    expect((await agent.start(['start', name('c'), '--state', state]).exited).code).toBe(0);
    await until(() => endOf('c') !== undefined);
    expect(endOf('c')).toMatchObject({ result: 'failed', code: 'content.cache-full' });
    expect(laidOut(held)).toBe(true);
    // Nobody needs the first one any more.
    const assignments = site.policy.assignments.filter(({ deployment }) => deployment.uid !== uid('a'));
    site.policy = { ...site.policy, serial: site.policy.serial + 1, assignments };
    await until(() => endOf('b') !== undefined);
    expect(endOf('b')).toMatchObject({ result: 'succeeded' });
  });
});
