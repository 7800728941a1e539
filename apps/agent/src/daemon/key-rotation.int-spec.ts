import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { digestOf } from '@muster/contracts/digest.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { type Fault, SiteUnderTest } from '../../test/site-under-test.js';

const agent = new AgentProgram();
jest.setTimeout(120_000);

let folder: string;
let state: string;
let site: SiteUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-rotation-'));
  state = join(folder, 'state');
  site = await SiteUnderTest.start();
  const { code, error } = await agent.start(['enrol', '--server', site.url, '--token', site.token, '--state', state])
    .exited;
  expect([code, error]).toEqual([0, '']);
});
afterEach(async () => {
  await agent.killAll();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

const daemon = (): Program => agent.start(['daemon', '--state', state]);
const keyNow = () => readFileSync(join(state, 'key.pem'), 'utf8');
const counted = () => JSON.stringify([...site.enrolled.values()].slice(-1));
const left = () =>
  ['key.next.pem', 'sealing-key.next.pem', 'requests/rotate-key'].filter((file) => existsSync(join(state, file)));
const polls = () => site.requests.filter((request) => request === 'GET /api/v1/agent/policy').length;
const askHere = async () => {
  const { code } = await agent.start(['rotate-key', '--state', state]).exited;
  expect(code).toBe(0);
};

/** Deploys what prints a hidden variable, and waits for what it printed. */
async function runsWithItsSecret(last: string): Promise<void> {
  const spec = {
    steps: [
      {
        step: 'only',
        type: 'RunCommandLine' as const,
        settings: { shell: true, command: `echo "%Token%" > ${folder}/${last}` },
      },
    ],
  };
  site.hidden = { device: { Token: `secret-${last}` }, collections: {} };
  site.policy = { ...site.policy, variables: { device: [{ name: 'Token', hidden: true }], collections: [] } };
  const uid = `0193e7a0-0000-7000-8000-00000000000${last}`;
  site.deploy({ version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages: {} }, uid);
  await until(
    () => existsSync(join(folder, last)) && readFileSync(join(folder, last), 'utf8') === `secret-${last}\n`,
    60_000,
  );
}

it('replaces its keys when somebody at the computer asks, and runs with secrets sealed to the new one', async () => {
  const [before, sealing] = [keyNow(), counted()];
  daemon();
  await runsWithItsSecret('a');
  await askHere();
  await until(() => keyNow() !== before && left().length === 0, 60_000);
  expect(counted()).not.toBe(sealing);
  await runsWithItsSecret('b');
});

it('replaces its key when the site asks for just that one, and once', async () => {
  const status = async () =>
    JSON.parse((await agent.start(['status', '-o', 'json', '--state', state]).exited).out) as { keyThumbprint: string };
  const { keyThumbprint } = await status();
  site.policy = { ...site.policy, serial: site.policy.serial + 1, rotateKey: keyThumbprint };
  daemon();
  await until(async () => (await status()).keyThumbprint !== keyThumbprint, 60_000);
  const after = polls();
  await until(() => polls() > after + 3, 60_000);
  expect(site.requests.filter((request) => request === 'POST /api/v1/agent/keys')).toHaveLength(1);
});

/** Where the agent is killed: as the request arrives, which the site then takes or does not, and whether its answer counts. */
const CRASHES: readonly (readonly [string, string, Fault])[] = [
  ['before the site hears of the new key', 'POST /api/v1/agent/keys', 'drop'],
  ['when the site has the new key', 'POST /api/v1/agent/keys', undefined],
  ['before the new key is proved', 'POST /api/v1/agent/sessions', 'drop'],
  ['when the new key is proved, and the old one is good no longer', 'POST /api/v1/agent/sessions', undefined],
];

it.each(CRASHES)('works on after it was killed %s', async (_when, request, fault) => {
  const before = keyNow();
  const first = daemon();
  await until(() => polls() > 0, 60_000);
  site.fault = (what) => {
    if (what !== request) return undefined;
    site.fault = () => undefined;
    first.child.kill('SIGKILL');
    return fault;
  };
  await askHere();
  await first.exited;
  daemon();
  await runsWithItsSecret('c');
  await until(() => keyNow() !== before && left().length === 0, 60_000);
  await runsWithItsSecret('d');
});
