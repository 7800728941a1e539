import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSpec, RunStatus } from '@muster/contracts/kinds/run.js';
import type { Resource } from '@muster/contracts/resource.js';
import { until } from '@muster/testing/until.js';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');

const DOCUMENTS = `
apiVersion: muster/v1
kind: Package
metadata: {name: tool}
spec:
  onDemand: true
  programs:
    install: {command: ./put, startFolder: linux, freeDiskMegabytes: 1, requirements: {none: [{os: windows}]}}
    elsewhere: {command: ./put, startFolder: linux, requirements: {os: windows}}
---
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: install-tool}
spec: {steps: [{step: Install, type: InstallPackage, settings: {package: tool, program: install}}]}
---
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: install-elsewhere}
spec: {steps: [{step: Install, type: InstallPackage, settings: {package: tool, program: elsewhere}}]}
---
apiVersion: muster/v1
kind: Package
metadata: {name: spare}
spec: {}
---
apiVersion: muster/v1
kind: Collection
metadata: {name: everyone}
spec: {rules: [{allDevices: true}]}
`;

describe('content that nobody distributed, on a whole site,', () => {
  let site: SiteUnderTest;
  let agent: ChildProcess | undefined;
  const log = () => join(site.folder, 'log');
  const folder = () => join(site.folder, 'tool');
  const runOf = async (name: string) => {
    const { items } = JSON.parse(await site.ok('get', 'runs', '-o', 'json')) as {
      items: Resource<RunSpec, RunStatus>[];
    };
    return items.find(({ spec }) => spec.deployment === name)?.status;
  };
  const upload = async (name: string, text: string) => {
    writeFileSync(join(folder(), 'text'), text);
    return site.ok('content', 'upload', name, folder());
  };

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    mkdirSync(join(folder(), 'linux'), { recursive: true });
    writeFileSync(join(folder(), 'linux', 'put'), `#!/bin/sh\nbasename "$PWD" >> ${log()}\n`);
    chmodSync(join(folder(), 'linux', 'put'), 0o755);
    writeFileSync(join(site.folder, 'all.yaml'), DOCUMENTS);
    await site.up();
    const { ports } = JSON.parse(readFileSync(join(site.data, 'site.json'), 'utf8')) as { ports: { store: number } };
    const spec = `{endpoint: "http://127.0.0.1:${ports.store}", bucket: dp-local, credentials: local}`;
    const point = join(site.folder, 'point.yaml');
    writeFileSync(point, `apiVersion: muster/v1\nkind: DistributionPoint\nmetadata: {name: local}\nspec: ${spec}\n`);
    await site.ok('apply', '-f', point);
    await site.ok('apply', '-f', join(site.folder, 'all.yaml'));
    const token = (await site.ok('enrolment-token', 'create')).trim();
    const enrol = ['enrol', '--server', site.url, '--name', 'desk', '--state', join(site.folder, 'agent')];
    expect(await run(AGENT, enrol, { ...site.environment, MUSTER_ENROLMENT_TOKEN: token })).toMatchObject({ code: 0 });
    agent = spawn(process.execPath, [AGENT, 'daemon', '--state', join(site.folder, 'agent')], {
      env: site.environment,
      stdio: 'ignore',
    });
  });

  afterAll(async () => {
    agent?.kill('SIGKILL');
    await site?.remove();
  });

  it('comes to the point of a computer that needs it, and its program runs where it says', async () => {
    await upload('tool', 'one');
    await site.ok('deploy', 'install-tool', '--to', 'everyone', '--name', 'first');
    await until(async () => (await runOf('first'))?.state === 'succeeded');
    expect(readFileSync(log(), 'utf8')).toBe('linux\n');
    const status = await site.ok('content', 'status', 'tool');
    process.stdout.write(`$ muster content status tool\n${status}`);
    expect(status).toMatch(/local .*available/);
  });

  it('has programs that are not run where their requirements do not hold', async () => {
    await site.ok('deploy', 'install-elsewhere', '--to', 'everyone', '--name', 'second');
    await until(async () => (await runOf('second'))?.state === 'failed');
    expect((await runOf('second'))?.message).toContain('needs os windows; it was not run');
    expect(readFileSync(log(), 'utf8')).toBe('linux\n');
  });

  it('keeps a version that devices are told of, and lets one go by itself that nobody needs', async () => {
    await upload('tool', 'two');
    await until(async () => /local +2 .*available/.test(await site.ok('content', 'status', 'tool')));
    const refused = await site.muster('content', 'delete-version', 'tool', '1');
    process.stdout.write(`$ muster content delete-version tool 1\n${refused.stderr}`);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('content.version-in-use');
    expect(refused.stderr).toContain('"first"');

    for (const text of ['three', 'four']) await upload('spare', text);
    const outputs = [
      await site.ok('content', 'delete-version', 'spare', '1', '--dry-run=server'),
      await site.ok('content', 'delete-version', 'spare', '1'),
      await site.ok('content', 'versions', 'spare'),
    ];
    process.stdout.write(outputs.join(''));
    expect(outputs[0]).toContain('version 1');
    expect(outputs[0]).toContain('(dry run)');
    expect(outputs[2]).toMatch(/^2 +available/m);
    expect(outputs[2]).toMatch(/^1 +deleted/m);
    expect(await upload('spare', 'five')).toContain('version 3');
  });
});
