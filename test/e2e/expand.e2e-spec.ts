import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SiteList } from '@muster/contracts/hierarchy/site-views.js';
import { until } from '@muster/testing/until.js';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');

/** What a user does who has one site and wants another one above it, as docs/hierarchy.md says it. */
describe('a stand-alone primary site that gets a central site above it', () => {
  let primary: SiteUnderTest;
  let central: SiteUnderTest | undefined;
  let agent: ChildProcess | undefined;

  const at = (site: string, ...command: string[]) => primary.ok('--site', site, ...command);
  const says = async (site: string, ...command: string[]) => (await primary.muster('--site', site, ...command)).stdout;
  const links = async (site: string) =>
    (JSON.parse(await at(site, 'hierarchy', 'status', '-o', 'json')) as SiteList).items.flatMap(({ code, link }) =>
      link ? [`${code} ${link.state}`] : [],
    );
  const apply = async (site: string, text: string) => {
    const file = join(primary.folder, 'objects.yaml');
    writeFileSync(file, text);
    await at(site, 'apply', '-f', file);
  };
  const writing = (name: string, words: string) => `apiVersion: muster/v1
kind: TaskSequence
metadata: {name: ${name}}
spec:
  steps:
    - {step: Write, type: RunCommandLine, settings: {command: 'test "%Token%" = "a secret" && echo ${words} > ${join(primary.folder, name)}', shell: true}}
`;
  const written = async (name: string, words: string) => {
    await until(() => existsSync(join(primary.folder, name)), 120_000);
    await until(() => readFileSync(join(primary.folder, name), 'utf8') === `${words}\n`);
  };

  beforeAll(async () => {
    primary = await SiteUnderTest.create();
    await primary.up();
    await apply(
      'S01',
      `apiVersion: muster/v1
kind: Collection
metadata: {name: all}
spec: {rules: [{allDevices: true}]}
---
${writing('before', 'alone')}`,
    );
    await at('S01', 'variable', 'set', '--collection', 'all', 'Ring=pilot');
    const secret = join(primary.folder, 'secret');
    writeFileSync(secret, 'a secret');
    await at('S01', 'variable', 'set', '--collection', 'all', 'Token', '--hidden', '--from-file', secret);
    const state = join(primary.folder, 'agent');
    const enrolled = await run(AGENT, ['enrol', '--server', primary.url, '--name', 'old-hand', '--state', state], {
      ...primary.environment,
      MUSTER_ENROLMENT_TOKEN: (await at('S01', 'enrolment-token', 'create')).trim(),
    });
    expect([enrolled.code, enrolled.stderr]).toEqual([0, expect.any(String)]);
    agent = spawn(process.execPath, [AGENT, 'daemon', '--state', state], { env: primary.environment, stdio: 'ignore' });
    await at('S01', 'deploy', 'before', '--to', 'all', '--name', 'before');
    await written('before', 'alone');
  });

  afterAll(async () => {
    agent?.kill('SIGKILL');
    await central?.remove();
    await primary?.remove();
  });

  it('joins it by a token, with all that it has', async () => {
    central = await SiteUnderTest.beside(primary);
    const sealing = join(primary.data, 'keys', 'sealing-key');
    await central.up('--site-code', 'CEN', '--kind', 'central', '--sealing-key', sealing);
    const [token] = /msj_[\w-]+\.[\w-]+/.exec(await at('CEN', 'hierarchy', 'token', 'create', 'S01')) ?? [];
    await at('S01', 'hierarchy', 'join', '--parent', central.url, '--token', token ?? '');
    await until(async () => (await links('CEN')).join() === 'S01 active');
    await until(async () => (await links('S01')).join() === 'CEN active');
    for (const [kind, name] of [
      ['collections', 'all'],
      ['task-sequences', 'before'],
      ['deployments', 'before'],
    ] as const)
      await until(async () => (await says('CEN', 'get', kind)).includes(name));
    await until(async () => /^old-hand +S01 /m.test(await says('CEN', 'device', 'list')));
    expect(await says('CEN', 'variable', 'list', '--collection', 'all')).toMatch(/^Ring +pilot$\n^Token /m);
    await until(async () => /S01\D+1/.test(await says('CEN', 'get', 'collections', '-o', 'wide')));
  });

  it('goes on with its computers, and starts on them what is deployed above', async () => {
    await apply('CEN', writing('after', 'together'));
    await at('CEN', 'deploy', 'after', '--to', 'all', '--name', 'after');
    await written('after', 'together');
    await until(async () => {
      const { status } = JSON.parse(await says('CEN', 'get', 'deployments', 'after', '-o', 'json')) as {
        status?: { sites?: { site: string; succeeded: number }[] };
      };
      return status?.sites?.some(({ site, succeeded }) => site === 'S01' && succeeded === 1) ?? false;
    });
    expect(await at('S01', 'hierarchy', 'verify')).toContain('the sites have the same');
  });
});
