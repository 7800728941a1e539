import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { digestOf } from '@muster/contracts/digest.js';
import { AgentProgram } from '../../test/agent-program.js';
import { SiteUnderTest } from '../../test/site-under-test.js';
import type { CacheListing } from './cache-command.js';

const agent = new AgentProgram();
jest.setTimeout(120_000);

let folder: string;
let state: string;
let site: SiteUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-cache-'));
  state = join(folder, 'state');
  site = await SiteUnderTest.start();
  const enrolled = agent.start(['enrol', '--server', site.url, '--token', site.token, '--state', state]);
  expect((await enrolled.exited).code).toBe(0);
});
afterEach(async () => {
  await agent.killAll();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

const uid = (last: string): string => `0193e7a0-0000-7000-8000-00000000000${last}`;

/** Deploys a sequence that needs a package of its own. */
function deploy(name: string, last: string, more: object = {}): void {
  const manifest = site.addContent({ 'install.sh': { text: `echo ${name}\n`, executable: true } });
  const spec = {
    steps: [
      { step: 'get', type: 'DownloadPackageContent', settings: { packages: [name], destination: 'clientCache' } },
    ],
  };
  const packages = { [name]: { version: 1, manifest, programs: {} } };
  const sequence = { name: 'demo', digest: digestOf(spec), spec } as never;
  site.deploy({ version: 1, sequence, packages }, uid(last), more);
}

async function list(): Promise<CacheListing> {
  const { code, out, error } = await agent.start(['cache', 'list', '-o', 'json', '--state', state]).exited;
  expect([code, error]).toEqual([0, '']);
  return JSON.parse(out) as CacheListing;
}

it('says what the cache holds, and clears what no run needs once the daemon is stopped', async () => {
  expect(await list()).toMatchObject({ bytes: 0, versions: [] });
  deploy('once', 'a', { content: 'BeforeStart' });
  deploy('weekly', 'b', {
    content: 'BeforeStart',
    triggers: [
      { event: 'AsSoonAsPossible' },
      { schedule: { start: '2099-01-01T00:00', repeat: { every: { days: 7 } } } },
    ],
  });
  const daemon = agent.start(['daemon', '--state', state]);
  const deadline = Date.now() + 60_000;
  const runs = (): number => site.received.filter(({ report }) => report.event === 'run-finished').length;
  while (runs() < 2 && Date.now() < deadline) await delay(20);
  const { versions, bytes, limitBytes } = await list();
  expect(versions.map(({ names, needed }) => [names.join(), needed]).sort()).toEqual([
    ['package "once" version 1', false],
    ['package "weekly" version 1', true],
  ]);
  expect(bytes).toBeGreaterThan(0);
  expect(limitBytes).toBeGreaterThan(bytes);

  const busy = await agent.start(['cache', 'clear', '--state', state]).exited;
  expect([busy.code, busy.error]).toEqual([2, expect.stringMatching(/^agent\.in-use: /)]);
  daemon.child.kill('SIGTERM');
  await daemon.exited;
  const cleared = await agent.start(['cache', 'clear', '--state', state]).exited;
  expect([cleared.code, cleared.out.trim()]).toEqual([
    0,
    expect.stringMatching(/^removed 1 versions, .*; 1 kept, for runs need them$/),
  ]);
  expect((await list()).versions.map(({ names }) => names.join())).toEqual(['package "weekly" version 1']);
  writeFileSync(join(state, 'policy.json'), '{"policy"');
  for (const command of [['list'], ['clear']]) {
    const damaged = await agent.start(['cache', ...command, '--state', state]).exited;
    expect([damaged.code, damaged.error]).toEqual([1, expect.stringMatching(/^agent\.no-policy: the stored policy/)]);
  }
  rmSync(join(state, 'policy.json'));
  await agent.start(['cache', 'clear', '--force', '--state', state]).exited;
  expect(await list()).toMatchObject({ bytes: 0, versions: [] });
  expect(existsSync(join(state, 'cache', 'manifests')) && readdirSync(join(state, 'cache', 'manifests'))).toEqual([]);
});
