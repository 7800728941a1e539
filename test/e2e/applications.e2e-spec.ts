import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PolicyBody, policyBodySchema } from '@muster/contracts/agent/policy.js';
import type { ContentUses } from '@muster/contracts/kinds/content-uses.js';
import type { DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import type { RunSpec, RunStatus } from '@muster/contracts/kinds/run.js';
import type { Resource } from '@muster/contracts/resource.js';
import { until } from '@muster/testing/until.js';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');

/** An editor that needs a runtime, and an image to download. The sequence first: the CLI puts them in order. */
const documents = (opt: string) => `
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: desktop}
spec:
  steps:
    - {step: Install, type: InstallApplication, settings: {applications: [editor]}}
    - {step: First, type: SetTaskSequenceVariable, settings: {name: APP01, value: runtime}}
    - {step: Second, type: SetTaskSequenceVariable, settings: {name: APP02, value: surprise}}
    - {step: Listed, type: InstallApplication, settings: {listVariable: APP, listApplications: [runtime]}}
    - step: Image
      type: DownloadPackageContent
      settings: {packages: [{kind: OsImage, name: cloud}], variable: Image, continueOnDownloadError: false}
    - {step: Read, type: RunCommandLine, settings: {command: 'cp "%Image01%/cloud.raw" ${opt}/image', shell: true}}
---
apiVersion: muster/v1
kind: Application
metadata: {name: editor}
spec:
  deploymentTypes:
    - name: windows
      requirements: {os: windows}
      package: editor
      install: {program: install}
      detection: {file: 'C:/editor.exe'}
    - name: everywhere else
      requirements: {none: [{os: windows}]}
      package: editor
      install: {program: install}
      detection: {script: 'cat ${opt}/editor 2>/dev/null || true'}
      dependencies: [{anyOf: [runtime]}]
---
apiVersion: muster/v1
kind: Application
metadata: {name: runtime}
spec:
  deploymentTypes:
    - {name: any, package: runtime, install: {command: ./put, arguments: [runtime]}, detection: {file: '${opt}/runtime'}}
---
apiVersion: muster/v1
kind: Application
metadata: {name: surprise}
spec:
  deploymentTypes: [{name: any, install: {command: 'false'}, detection: {file: /nowhere}}]
---
apiVersion: muster/v1
kind: Package
metadata: {name: editor}
spec: {programs: {install: {command: ./put, arguments: [editor]}}}
---
apiVersion: muster/v1
kind: Package
metadata: {name: runtime}
spec: {}
---
apiVersion: muster/v1
kind: OsImage
metadata: {name: cloud}
spec: {os: Debian, osVersion: '12', architecture: x64, file: cloud.raw, images: [{index: 1, name: cloud}]}
---
apiVersion: muster/v1
kind: Collection
metadata: {name: everyone}
spec: {rules: [{allDevices: true}]}
`;

describe('applications and images, on a whole site,', () => {
  let site: SiteUnderTest;
  let agent: ChildProcess | undefined;
  const opt = () => join(site.folder, 'opt');
  const folderOf = (name: string) => join(site.folder, 'content', name);
  const done = () => readFileSync(join(opt(), 'log'), 'utf8').trim().split('\n');
  /** Follows a deployment to its end; not for ever. */
  const watched = async (name: string) => {
    let code: number | null | undefined;
    void site.muster('watch', 'deployment', name).then((ended) => (code = ended.code));
    await until(() => code !== undefined);
    return code;
  };
  const policyOf = async (name: string) => {
    const text = await site.ok('get', 'deployment', name, '-o', 'json');
    return (JSON.parse(text) as Resource<DeploymentSpec, DeploymentStatus>).status.policy;
  };
  const runOf = async (name: string) => {
    const { items } = JSON.parse(await site.ok('get', 'runs', '-o', 'json')) as {
      items: Resource<RunSpec, RunStatus>[];
    };
    return items.find(({ spec }) => spec.deployment === name)?.status;
  };
  /** What the agent was told, of all deployments. */
  const bodies = (): PolicyBody[] => {
    const folder = join(site.folder, 'agent', 'bodies');
    const read = (name: string): PolicyBody[] => {
      try {
        return [policyBodySchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')))];
      } catch (error) {
        // The agent has removed it since the folder was read: it is told of another one.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    };
    return existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => name.endsWith('.json'))
          .flatMap(read)
      : [];
  };
  const point = async (maintenance: boolean) => {
    const { ports } = JSON.parse(readFileSync(join(site.data, 'site.json'), 'utf8')) as { ports: { store: number } };
    const spec = `{endpoint: "http://127.0.0.1:${ports.store}", bucket: dp-local, credentials: local, maintenance: ${maintenance}}`;
    const file = join(site.folder, 'point.yaml');
    writeFileSync(file, `apiVersion: muster/v1\nkind: DistributionPoint\nmetadata: {name: local}\nspec: ${spec}\n`);
    await site.ok('apply', '-f', file);
  };

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    mkdirSync(opt());
    for (const name of ['editor', 'runtime', 'cloud']) mkdirSync(folderOf(name), { recursive: true });
    for (const name of ['editor', 'runtime']) {
      const file = join(folderOf(name), 'put');
      writeFileSync(file, `#!/bin/sh\necho "$1" >> ${opt()}/log\necho 1 > ${opt()}/$1\n`);
      chmodSync(file, 0o755);
    }
    writeFileSync(join(folderOf('cloud'), 'cloud.raw'), 'an image');
    writeFileSync(join(site.folder, 'all.yaml'), documents(opt()));
    await site.up();
    await point(false);
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

  it('are refused while what they name is missing, and applied in the order of their references', async () => {
    const lone = join(site.folder, 'lone.yaml');
    writeFileSync(
      lone,
      `apiVersion: muster/v1\nkind: TaskSequence\nmetadata: {name: lone}\nspec: {steps: [{step: I, type: InstallApplication, settings: {applications: [ghost]}}]}\n`,
    );
    const refused = await site.muster('apply', '-f', lone);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('there is no Application "ghost"')]);
    const applied = await site.ok('apply', '-f', join(site.folder, 'all.yaml'));
    const order = [
      'package/editor',
      'osImage/cloud',
      'application/runtime',
      'application/editor',
      'taskSequence/desktop',
    ];
    const places = order.map((name) => applied.indexOf(`${name} created`));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it('wait for every package and image of all that comes with them, and say for which', async () => {
    await site.ok('deploy', 'desktop', '--to', 'everyone', '--name', 'first');
    await until(async () => (await policyOf('first'))?.state === 'blocked');
    expect(await policyOf('first')).toMatchObject({
      code: 'policy.package-not-distributed',
      message: 'package "editor" is not available at any distribution point yet',
    });
    await site.ok('content', 'upload', 'editor', folderOf('editor'));
    await site.ok('content', 'upload', 'runtime', folderOf('runtime'));
    expect(await site.ok('content', 'upload', 'os-image/cloud', folderOf('cloud'))).toContain(
      'osImage/cloud version 1',
    );
    const sent = await site.ok('content', 'distribute', '--sequence', 'desktop', '--to', 'local');
    for (const name of ['distribution/os-image-cloud', 'distribution/editor', 'distribution/runtime'])
      expect(sent).toContain(`${name} created`);
    expect(sent).toContain('version 1 of osImage/cloud is available on local');
    expect(await site.ok('content', 'status', 'os-image/cloud')).toContain('available');
    expect(await site.ok('get', 'os-images')).toMatch(/cloud\s+1\s+1\s+8 B\s+Debian 12\s+x64\s+1:cloud/);
  });

  it('are installed from the site: the type whose requirements hold, its dependency before it, images brought along', async () => {
    expect(await watched('first')).toBe(0);
    expect(done()).toEqual(['runtime', 'editor']);
    expect(readFileSync(join(opt(), 'image'), 'utf8')).toBe('an image');
    const run = await runOf('first');
    const listed = run?.steps.find(({ path }) => path === 'Listed');
    // The list names what no step allows: left out, and said so.
    expect(JSON.stringify(listed)).toContain('content.application-not-in-policy');
    expect(await policyOf('first')).toEqual({ state: 'compiled' });
    const { items } = JSON.parse(await site.ok('get', 'devices', '-o', 'json')) as {
      items: Resource<unknown, unknown>[];
    };
    const explained = await site.ok('explain', '--device', items[0]!.metadata.name, '--deployment', 'first');
    for (const content of ['Package editor version 1', 'Package runtime version 1', 'OsImage cloud version 1'])
      expect(explained).toContain(`  + ${content}\n    1. local: this site has no boundary groups: every point serves`);
  });

  it('are left alone the second time', async () => {
    await site.ok('deploy', 'desktop', '--to', 'everyone', '--name', 'second');
    expect(await watched('second')).toBe(0);
    expect(done()).toEqual(['runtime', 'editor']);
    const install = (await runOf('second'))?.steps.find(({ path }) => path === 'Install');
    expect(JSON.stringify(install)).toContain('editor: AlreadyInstalled (everywhere else)');
  });

  it('have users that are named, directly and through what depends on them', async () => {
    const uses = async (word: string) =>
      JSON.parse(await site.ok('content', 'uses', word, '-o', 'json')) as ContentUses;
    expect(await uses('runtime')).toMatchObject({
      kind: 'Package',
      sequences: { items: [] },
      applications: { items: [{ application: 'runtime', how: 'content' }] },
      deployments: { items: ['first', 'second'] },
      distributions: { items: ['runtime'] },
    });
    expect((await uses('app/runtime')).applications.items).toMatchObject([
      { application: 'editor', how: 'dependency' },
    ]);
    expect((await uses('os-image/cloud')).sequences.items).toEqual([
      { sequence: 'desktop', path: 'Image', disabled: false },
    ]);
    expect(await site.ok('content', 'uses', 'app/editor')).toMatch(/taskSequence\/desktop\s+node "Install"/);
  });

  it('come in the newest version as soon as it is distributed, and not before', async () => {
    const versions = () => bodies().map(({ packages }) => packages['editor']?.version);
    const firsts = versions();
    expect(new Set(firsts)).toEqual(new Set([1]));
    // While the point takes nothing, the new version is in the library and nowhere else.
    await point(true);
    writeFileSync(join(folderOf('editor'), 'more'), 'of version 2');
    await site.ok('content', 'upload', 'editor', folderOf('editor'));
    const saved = await site.ok('get', 'package', 'editor', '-o', 'json');
    expect(saved).toContain('"newestVersion": 2');
    // A change of the application itself is told at once: then policy has looked at the package again, and kept version 1.
    const file = join(site.folder, 'all.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(
        'metadata: {name: editor}\nspec:\n  deploymentTypes',
        'metadata: {name: editor}\nspec:\n  version: "2"\n  deploymentTypes',
      ),
    );
    await site.ok('apply', '-f', file);
    // One look for both: between two, bodies that nothing needs any more are gone.
    let told: PolicyBody[] = [];
    await until(() => {
      told = bodies();
      return told.length > 0 && told.every(({ applications }) => applications?.['editor']?.version === '2');
    });
    expect(new Set(told.map(({ packages }) => packages['editor']?.version))).toEqual(new Set([1]));
    await point(false);
    await until(() => versions().length > 0 && versions().every((version) => version === 2));
  });

  it('that are gone block what needs them, with the name, until they are back', async () => {
    await site.ok('delete', 'application', 'runtime', '--force');
    await until(async () => (await policyOf('second'))?.state === 'blocked');
    expect(await policyOf('second')).toEqual({
      state: 'blocked',
      code: 'policy.application-missing',
      message: 'application "runtime" does not exist',
    });
    expect(await site.ok('get', 'application', 'editor', '-o', 'json')).toContain('"danglingReferences"');
    await until(async () => (await site.ok('get', 'ts', 'desktop', '-o', 'json')).includes('"danglingReferences"'));
    await site.ok('apply', '-f', join(site.folder, 'all.yaml'));
    await until(async () => (await policyOf('second'))?.state === 'compiled');
  });
});
