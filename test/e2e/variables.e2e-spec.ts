import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunStatus } from '@muster/contracts/kinds/run.js';
import type { Resource } from '@muster/contracts/resource.js';
import { until } from '@muster/testing/until.js';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');
const SECRET = 'correct-horse-battery';
const STEP_SECRET = 'staple-of-a-step';

const documents = (folder: string) => `
apiVersion: muster/v1
kind: Collection
metadata: {name: all-of-them}
spec:
  rules: [{device: web-1}]
  variables:
    - {name: Ring, value: broad}
    - {name: Proxy, value: "http://proxy:3128"}
---
apiVersion: muster/v1
kind: Collection
metadata: {name: pilot}
spec:
  rules: [{device: web-1}]
  variablesPriority: 9
  variables:
    - {name: ring, value: pilot}
    - {name: Colour, value: of the collection}
---
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: use-variables}
spec:
  steps:
    - step: Keep
      type: SetTaskSequenceVariable
      settings: {name: Pass, value: ${STEP_SECRET}, secret: true}
    - step: Print
      type: RunCommandLine
      settings: {shell: true, command: "echo '%Ring% %Colour% %Proxy% %Token% %Pass%' | tee ${folder}/printed"}
    - step: Complain
      type: RunCommandLine
      continueOnError: true
      settings: {shell: true, command: "echo 'no %Token%' >&2; exit 3"}
`;

describe('variables on a whole site', () => {
  let site: SiteUnderTest;
  let agent: ChildProcess | undefined;
  let agentOutput = '';
  const state = () => join(site.folder, 'agent');

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
    const token = (await site.ok('enrolment-token', 'create')).trim();
    await run(AGENT, ['enrol', '--server', site.url, '--name', 'web-1', '--state', state()], {
      ...site.environment,
      MUSTER_ENROLMENT_TOKEN: token,
    });
    await until(async () => (await site.ok('get', 'devices')).includes('web-1'));
    writeFileSync(join(site.folder, 'site.yaml'), documents(site.folder));
    await site.ok('apply', '-f', join(site.folder, 'site.yaml'));
  });

  afterAll(async () => {
    agent?.kill('SIGKILL');
    await site?.remove();
  });

  it('are set and listed on the command line, hidden ones from a file and never shown', async () => {
    const file = join(site.folder, 'token.txt');
    writeFileSync(file, `${SECRET}\n`);
    expect(await site.ok('variable', 'set', '--device', 'web-1', 'Colour=of the device')).toBe(
      'device/web-1 changed\n',
    );
    expect(await site.ok('variable', 'set', '--collection', 'pilot', 'Token', '--hidden', '--from-file', file)).toBe(
      'collection/pilot changed\n',
    );
    expect(await site.ok('variable', 'list', '--collection', 'pilot')).toMatch(/Token +\(hidden, set 2/);
    expect(await site.muster('variable', 'set', '--collection', 'pilot', `Token=${SECRET}`, '--hidden')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('does not belong on the command line'),
    });
    expect(await site.muster('variable', 'set', '--collection', 'pilot', 'Token=seen')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cli.variable-hidden'),
    });
    // What was read can be applied: the value stays.
    writeFileSync(join(site.folder, 'pilot.yaml'), await site.ok('get', 'collection', 'pilot', '-o', 'yaml'));
    expect(await site.ok('apply', '-f', join(site.folder, 'pilot.yaml'))).toContain('collection/pilot unchanged');
  });

  it('reach the run of a device with the strongest value of each, and a hidden one is seen nowhere but where the step puts it', async () => {
    await site.ok('deploy', 'use-variables', '--to', 'pilot', '--name', 'use');
    agent = spawn(process.execPath, [AGENT, 'daemon', '--state', state()], {
      env: site.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [agent.stdout, agent.stderr])
      stream?.on('data', (chunk: Buffer) => (agentOutput += chunk.toString()));
    const runs = async () =>
      (JSON.parse(await site.ok('get', 'runs', '-o', 'json')) as { items: Resource<unknown, RunStatus>[] }).items;
    await until(async () => (await runs()).some(({ status }) => status.state === 'succeeded'), 120_000);
    expect(readFileSync(join(site.folder, 'printed'), 'utf8')).toBe(
      `pilot of the device http://proxy:3128 ${SECRET} ${STEP_SECRET}\n`,
    );
    const [one] = await runs();
    const name = one?.metadata.name ?? '';
    expect(await site.ok('get', 'run', name, '-o', 'json')).toContain('********');
  }, 200_000);

  it('are explained: who wins and who loses, and the fate of each step', async () => {
    const explained = await site.ok('explain', '--device', 'web-1', '--deployment', 'use');
    for (const line of [
      '  + use  Required by pilot, compiled; nothing makes it run again',
      '  Colour = "of the device"  the device',
      '    not "of the collection"  collection pilot',
      '  Token = "********"  collection pilot',
      '  + Print will-run',
    ])
      expect(explained.split('\n')).toContain(line);
    expect(explained).toMatch(
      / {2}[Rr]ing = "pilot" {2}collection pilot\n {4}not "broad" {2}collection all-of-them, priority 1/,
    );
    expect(await site.muster('explain', '--device', 'nobody')).toMatchObject({ code: 4 });
  });

  it('leave a hidden value in no answer, log, table, journal, broker file or file of the agent', async () => {
    const answers = [
      await site.ok('get', 'collections', '-o', 'yaml'),
      await site.ok('get', 'runs', '-o', 'json'),
      await site.ok('get', 'ts', 'use-variables', '-o', 'yaml'),
      await site.ok('explain', '--device', 'web-1', '--deployment', 'use'),
      await (await site.rest('/api/v1/devices')).text(),
      await (await site.rest('/api/v1/deployments/use')).text(),
      agentOutput,
    ];
    for (const text of answers) for (const secret of [SECRET, STEP_SECRET]) expect(text).not.toContain(secret);
    agent?.kill('SIGKILL');
    await site.interrupt();
    const holding = [...filesBelow(state()), ...filesBelow(site.data)].filter((path) => {
      const bytes = readFileSync(path);
      return bytes.includes(SECRET) || bytes.includes(STEP_SECRET);
    });
    expect(holding).toEqual([]);
  });
});

/** Every file: of the databases and the broker too, as they are on the disk. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
