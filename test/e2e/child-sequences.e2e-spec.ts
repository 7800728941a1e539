import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import type { Resource } from '@muster/contracts/resource.js';
import { until } from '@muster/testing/until.js';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');

/** The parent first, as `muster run` wants it. */
const documents = (readBy: string, more = '') => `
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: parent}
spec:
  steps:
    - sequence: child
    - {step: Read, type: RunCommandLine, settings: {command: 'echo "$TS_Colour" > ${readBy}', shell: true}}
---
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: child}
spec:
  ${more}
  steps:
    - {step: Set, type: SetTaskSequenceVariable, settings: {name: Colour, value: green}}
---
apiVersion: muster/v1
kind: Collection
metadata: {name: everyone}
spec: {rules: [{allDevices: true}]}
`;

describe('a deployment with a child sequence, on a whole site,', () => {
  let site: SiteUnderTest;
  let agent: ChildProcess | undefined;
  let readBy: string;
  const apply = async (more?: string) => {
    writeFileSync(join(site.folder, 'all.yaml'), documents(readBy, more));
    await site.ok('apply', '-f', join(site.folder, 'all.yaml'));
  };
  const policyOf = async (name: string) => {
    const text = await site.ok('get', 'deployment', name, '-o', 'json');
    return (JSON.parse(text) as Resource<DeploymentSpec, DeploymentStatus>).status.policy;
  };

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    readBy = join(site.folder, 'read');
    await site.up();
    const token = (await site.ok('enrolment-token', 'create')).trim();
    const enrol = ['enrol', '--server', site.url, '--name', 'kid', '--state', join(site.folder, 'agent')];
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

  it('is blocked while the child is disabled, says so, and runs once it is enabled: the parent reads what it set', async () => {
    await apply('enabled: false');
    await site.ok('deploy', 'parent', '--to', 'everyone', '--name', 'family');
    await until(async () => (await policyOf('family')) !== undefined);
    expect(await policyOf('family')).toEqual({
      state: 'blocked',
      code: 'sequence.child-disabled',
      message: 'the child sequence "child" at "child" is disabled',
    });
    expect(existsSync(readBy)).toBe(false);
    await apply();
    expect((await site.muster('watch', 'deployment', 'family')).code).toBe(0);
    expect(readFileSync(readBy, 'utf8')).toBe('green\n');
    expect(await policyOf('family')).toEqual({ state: 'compiled' });
  });

  it('refuses a circle, with the way, and keeps what was there', async () => {
    const file = join(site.folder, 'circle.yaml');
    const spec = '{steps: [{sequence: parent}]}';
    writeFileSync(file, `apiVersion: muster/v1\nkind: TaskSequence\nmetadata: {name: child}\nspec: ${spec}\n`);
    const refused = await site.muster('apply', '-f', file);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('child > parent > child')]);
  });
});
