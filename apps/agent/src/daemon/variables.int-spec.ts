import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { PolicyVariables, SealedValues } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { SequenceNode } from '@muster/sequence/model.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram } from '../../test/agent-program.js';
import { SiteUnderTest } from '../../test/site-under-test.js';

jest.setTimeout(120_000);

const agent = new AgentProgram();
const uid = '0193e7a0-0000-7000-8000-00000000000a';
const secret = 'correct-horse-battery';
const made = 'made-by-a-script';

const variables: PolicyVariables = {
  device: [{ name: 'Own', value: 'of the device' }],
  collections: [
    {
      name: 'all',
      priority: 1,
      variables: [
        { name: 'Ring', value: 'weak' },
        { name: 'Own', value: 'of a collection' },
      ],
    },
    {
      name: 'pilot',
      priority: 9,
      variables: [
        { name: 'ring', value: 'strong' },
        { name: 'Token', hidden: true },
      ],
    },
  ],
};
const hidden: SealedValues = { device: {}, collections: { pilot: { Token: secret } } };

let folder: string;
let state: string;
let site: SiteUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-variables-'));
  state = join(folder, 'state');
  site = await SiteUnderTest.start();
});
afterEach(async () => {
  await agent.killAll();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

const daemon = () => agent.start(['daemon', '--state', state]);

async function enrol(): Promise<void> {
  const { code, error } = await agent.start(['enrol', '--server', site.url, '--token', site.token, '--state', state])
    .exited;
  expect([code, error]).toEqual([0, '']);
}

const shell = (step: string, command: string): SequenceNode => ({
  step,
  type: 'RunCommandLine',
  repeatable: true,
  settings: { command, shell: true },
});

function deploy(...steps: SequenceNode[]): void {
  const spec = { steps };
  site.deploy({ version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages: {} }, uid);
  site.policy = { ...site.policy, variables };
  site.hidden = hidden;
}

const finished = (): boolean => site.received.some(({ report }) => report.event === 'run-finished');

/** All that the agent keeps, in one text. */
const kept = (): string =>
  readdirSync(state, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      try {
        return readFileSync(join(entry.parentPath, entry.name), 'latin1');
      } catch (error) {
        // A report that was sent meanwhile.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
        throw error;
      }
    })
    .join('\n');

describe('the variables that policy brings', () => {
  it('are those of the device, then of the strongest collection; hidden ones are opened in memory only, also after a crash', async () => {
    deploy(
      shell('use', `echo "$TS_Own, %Ring%, [$TS_Token]" > ${folder}/read; echo %Token% | tee ${folder}/secret`),
      shell('make', `tsenv set "Made=$(cat ${folder}/made)" --secret`),
      shell('wait', `touch ${folder}/began; test -e ${folder}/go || sleep 600`),
      shell(
        'again',
        `printf %s '%Token%' > ${folder}/again; test '%Token%' = ${secret.length} || echo bad %Token% >&2`,
      ),
      shell('read', `printf %s '%Made%' > ${folder}/read-made`),
    );
    writeFileSync(join(folder, 'made'), made);
    await enrol();
    const first = daemon();
    await until(() => existsSync(join(folder, 'began')));
    expect(kept()).not.toContain(secret);
    expect(kept()).not.toContain(made);
    first.child.kill('SIGKILL');
    await first.exited;
    writeFileSync(join(folder, 'go'), '');
    const second = daemon();
    await until(finished);
    expect(readFileSync(join(folder, 'read'), 'utf8')).toBe('of the device, strong, []\n');
    // The two places to which the steps themselves wrote it.
    expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe(`${secret}\n`);
    expect(readFileSync(join(folder, 'again'), 'utf8')).toBe(secret);
    expect(readFileSync(join(folder, 'read-made'), 'utf8')).toBe(made);
    expect(kept()).not.toContain(secret);
    expect(JSON.stringify(site.received)).not.toContain(secret);
    expect(JSON.stringify(site.received)).toContain('********');
    expect(first.log() + second.log()).not.toContain(secret);
  });

  it('hold back every run while a hidden one has no value for this computer, and let it begin when it comes', async () => {
    deploy(shell('use', `printf %s '%Token%' > ${folder}/secret`));
    site.hidden = undefined;
    await enrol();
    const program = daemon();
    await until(() => program.log().includes('policy.secrets-missing'));
    expect(site.received).toEqual([]);
    const listed = await agent.start(['list', '-o', 'json', '--state', state]).exited;
    expect(JSON.parse(listed.out)).toEqual([
      expect.objectContaining({
        state: 'no-secrets',
        mayStart: false,
        says: expect.stringMatching(/^waits: the policy has no value of .*\(policy\.secrets-missing\)$/),
      }),
    ]);
    site.hidden = hidden;
    await until(finished);
    expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe(secret);
  });

  it('are sealed to a new key after the old one was lost', async () => {
    deploy(shell('wait', `test -e ${folder}/go || exit 1`));
    site.policy = { ...site.policy, assignments: [] };
    await enrol();
    const first = daemon();
    await until(() => first.log().includes('new policy is in force'));
    first.child.kill('SIGTERM');
    await first.exited;
    const before = site.sealingKey;
    rmSync(join(state, 'sealing-key.pem'));
    deploy(shell('use', `printf %s '%Token%' > ${folder}/secret`));
    daemon();
    await until(finished);
    expect(site.sealingKey).not.toEqual(before);
    expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe(secret);
  });
});
