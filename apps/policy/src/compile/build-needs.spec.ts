import { policyBodySchema } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { ResolvedContent, ResolvedReference } from '@muster/contracts/requests/resolve-content.js';
import { type Application, applicationSchema } from '@muster/sequence/applications/application.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { buildBody, neededContent } from './build-body.js';
import { collectApplications } from './collect-applications.js';
import type { Children } from './collect-children.js';

const NONE: Children = { revisions: new Map(), tooLarge: false };
const manifest = digestOf('files');
const image = digestOf('image');

function sequence(...steps: SequenceSpec['steps']): SequenceRevision {
  const spec = { steps };
  return { uid: '7b7e4c5e-0000-4000-8000-000000000001', name: 'sample', revision: 1, digest: digestOf(spec), spec };
}

function installs(...applications: string[]): SequenceSpec['steps'][number] {
  return { step: 'Install', type: 'InstallApplication', settings: { applications } };
}

const brings: SequenceSpec['steps'][number] = {
  step: 'Bring',
  type: 'DownloadPackageContent',
  settings: { packages: [{ kind: 'OsImage', name: 'debian' }, 'debian'] },
};

function app(packageName: string | undefined, ...dependencies: string[]): Application {
  return applicationSchema.parse({
    deploymentTypes: [
      {
        name: 'any',
        package: packageName,
        install: { command: 'true' },
        detection: { file: '/x' },
        dependencies: dependencies.map((name) => ({ anyOf: [name] })),
      },
    ],
  });
}

function content(name: string): ResolvedContent {
  return { name, exists: true, programs: {}, distributed: { version: 1, manifest, bytes: 1 } };
}

const imageIs = (change: Partial<ResolvedReference> = {}): ResolvedReference => ({
  kind: 'OsImage',
  name: 'debian',
  exists: true,
  distributed: { version: 4, manifest: image, bytes: 1 },
  ...change,
});

async function applicationsOf(revision: SequenceRevision, world: Record<string, Application>) {
  const asked: string[] = [];
  const applications = await collectApplications([revision.spec], async (names) => {
    asked.push(...names);
    return new Map(names.map((name) => [name, world[name] ?? null]));
  });
  return { applications, asked };
}

describe('a body with applications and images', () => {
  it('has the documents of all that a step may need, the packages of all of them, and images beside packages', async () => {
    const revision = sequence(installs('editor'), brings);
    const world = { editor: app('editor-files', 'runtime'), runtime: app('runtime-files'), other: app('other') };
    const { applications } = await applicationsOf(revision, world);
    expect(neededContent([revision.spec], applications)).toEqual([
      { kind: 'OsImage', name: 'debian' },
      { kind: 'Package', name: 'debian' },
      { kind: 'Package', name: 'editor-files' },
      { kind: 'Package', name: 'runtime-files' },
    ]);
    const packages = ['debian', 'editor-files', 'runtime-files'].map(content);
    const outcome = buildBody(revision, NONE, packages, { others: [imageIs()], applications });
    if (outcome.kind !== 'compiled') throw new Error(outcome.reason);
    const body = policyBodySchema.parse(JSON.parse(outcome.bytes));
    expect(body.applications).toEqual({ editor: world.editor, runtime: world.runtime });
    expect(body.contents).toEqual({ OsImage: { debian: { version: 4, manifest: image } } });
    expect(outcome.manifests).toEqual([manifest, image]);
    const shuffled = buildBody(revision, NONE, packages.toReversed(), { others: [imageIs()], applications });
    expect(shuffled).toEqual(outcome);
  });

  it('says for which computers content is meant where it is fetched ahead, and nowhere else', async () => {
    const revision = sequence(installs('editor'), brings);
    const { applications } = await applicationsOf(revision, { editor: app('editor-files') });
    const packages = [{ ...content('editor-files'), meantFor: { language: 'de' } }, content('debian')];
    const others = [imageIs({ meantFor: { architecture: 'arm64' } })];
    const bodyOf = (fetchAhead: boolean) => {
      const outcome = buildBody(revision, NONE, packages, { others, applications, fetchAhead });
      if (outcome.kind !== 'compiled') throw new Error(outcome.reason);
      return policyBodySchema.parse(JSON.parse(outcome.bytes));
    };
    expect(bodyOf(true).packages['editor-files']?.meantFor).toEqual({ language: 'de' });
    expect(bodyOf(true).packages['debian']).not.toHaveProperty('meantFor');
    expect(bodyOf(true).contents?.['OsImage']?.['debian']?.meantFor).toEqual({ architecture: 'arm64' });
    expect(JSON.stringify(bodyOf(false))).not.toContain('meantFor');
  });

  it('has no field for what there is none of: its bytes are what they were before there was any', async () => {
    const revision = sequence({ step: 'Set', type: 'SetTaskSequenceVariable', settings: { name: 'A', value: '1' } });
    const { applications } = await applicationsOf(revision, {});
    expect(buildBody(revision, NONE, [], { others: [], applications })).toEqual(buildBody(revision, NONE, []));
  });

  it.each([
    ['does not exist', 'policy.content-missing', imageIs({ exists: false, distributed: null })],
    [
      'is not available at any distribution point yet',
      'policy.content-not-distributed',
      imageIs({ distributed: null }),
    ],
  ])('waits for an image that %s', (words, code, answer) => {
    const outcome = buildBody(sequence(brings), NONE, [content('debian')], { others: [answer] });
    expect(outcome).toMatchObject({ kind: 'blocked', code, reason: `OS image "debian" ${words}` });
  });

  it('waits for an application that is missing, however far down, and never asks for names that none can have', async () => {
    const revision = sequence(installs('editor', 'Not A Name'));
    const { applications, asked } = await applicationsOf(revision, { editor: app(undefined, 'gone') });
    expect(asked).toEqual(['editor', 'gone']);
    expect(buildBody(revision, NONE, [], { applications })).toMatchObject({
      kind: 'blocked',
      code: 'policy.application-missing',
      reason: 'application "Not A Name" does not exist',
    });
    const other = sequence(installs('editor'));
    const below = (await applicationsOf(other, { editor: app(undefined, 'gone') })).applications;
    expect(buildBody(other, NONE, [], { applications: below })).toMatchObject({
      reason: 'application "gone" does not exist',
    });
  });

  it('is not made of disabled steps', async () => {
    const revision = sequence({ ...installs('gone'), disabled: true } as SequenceSpec['steps'][number]);
    const { applications, asked } = await applicationsOf(revision, {});
    expect([asked, buildBody(revision, NONE, [], { applications }).kind]).toEqual([[], 'compiled']);
  });

  it('is refused when the documents are larger than any body, and not all of them are read', async () => {
    const script = 'x'.repeat(30_000);
    const large = (next: string) => {
      const one = app(undefined, next).deploymentTypes[0];
      const types = Array.from({ length: 50 }, (_, n) => ({ ...one, name: `t${n}`, detection: { script } }));
      return applicationSchema.parse({ deploymentTypes: types });
    };
    const world = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`a${n}`, large(`a${n + 1}`)]));
    const revision = sequence(installs('a0'));
    const { applications, asked } = await applicationsOf(revision, world);
    expect([applications.tooLarge, asked.length < 30]).toEqual([true, true]);
    expect(buildBody(revision, NONE, [], { applications })).toMatchObject({ code: 'policy.body-too-large' });
  });
});
