import { canonicalJson, digestOfBytes } from '@muster/contracts/digest.js';
import { API_VERSION, type ResourceInput } from '@muster/contracts/resource.js';
import { stripSecrets } from '@muster/sequence/edit/strip-secrets.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import * as fc from 'fast-check';
import { nodes } from '../../../../test/conformance/random-nodes.js';
import { type MadeMember, makeZip } from '../../test/make-zip.js';
import { readZip } from '../commands/import/import-zip.js';
import { type BundleParts, makeBundle } from './make-bundle.js';
import { looksLikeBundle, readBundle } from './read-bundle.js';

const sequence = (name: string, spec: SequenceSpec): BundleParts['objects'][number] => {
  const stripped = stripSecrets(spec);
  const document: ResourceInput = {
    apiVersion: API_VERSION,
    kind: 'TaskSequence',
    metadata: { name },
    spec: stripped.spec,
  };
  return { kind: 'TaskSequence', name, requires: [], secrets: [...stripped.secrets], document };
};
const tool: BundleParts['objects'][number] = {
  kind: 'Package',
  name: 'tool',
  requires: [],
  document: { apiVersion: API_VERSION, kind: 'Package', metadata: { name: 'tool' }, spec: {} },
  files: [{ path: 'bin/x', size: 3, digest: digestOfBytes('abc'), executable: true }],
};
const parts: BundleParts = {
  site: 'S01',
  comment: 'for Berlin',
  missing: [],
  objects: [sequence('one', { steps: [{ step: 'Run', type: 'RunCommandLine', settings: { command: 'true' } }] }), tool],
};

/** The members of an archive, to make another one of them. */
function membersOf(bytes: Buffer): MadeMember[] {
  return readZip(bytes).map((entry) => ({ name: entry.path, content: entry.read() }));
}

function changed(change: (members: MadeMember[]) => MadeMember[]): Buffer {
  return makeZip(change(membersOf(makeBundle(parts))));
}

function withManifest(change: (manifest: Record<string, unknown>) => object): Buffer {
  return changed((members) =>
    members.map((member) =>
      member.name === 'manifest.json'
        ? {
            ...member,
            content: JSON.stringify(change(JSON.parse(String(Buffer.from(member.content))) as Record<string, unknown>)),
          }
        : member,
    ),
  );
}

const one = 'task-sequences/one/document.json';
const codeOf = (bytes: Buffer): string => {
  try {
    readBundle(bytes);
    return 'read';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('an archive', () => {
  it('has a manifest and a folder for each object, and is the same bytes whatever the order of what goes in', () => {
    const bytes = makeBundle(parts);
    expect(readZip(bytes).map(({ path }) => path)).toEqual([
      'manifest.json',
      'packages/tool/content.json',
      'packages/tool/document.json',
      one,
    ]);
    expect(looksLikeBundle(bytes)).toBe(true);
    expect(makeBundle({ ...parts, objects: parts.objects.toReversed() }).equals(bytes)).toBe(true);
  });

  it('gives back what went in, byte for byte but for secrets, for any sequences', () => {
    const specs = fc.array(
      nodes(['one', 'two'], 4, 5).map((steps) => ({ steps, variables: { OSDJoinPassword: 's3cret' } }) as SequenceSpec),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(specs, (all) => {
        const bytes = makeBundle({ ...parts, objects: all.map((spec, index) => sequence(`s-${index}`, spec)) });
        const { objects, manifest } = readBundle(bytes);
        expect(objects.map(({ document }) => canonicalJson(document.spec))).toEqual(
          all.map((spec) => canonicalJson(stripSecrets(spec).spec)),
        );
        expect(objects.every(({ secrets }) => secrets?.includes('/spec/variables/OSDJoinPassword'))).toBe(true);
        expect(bytes.includes('s3cret')).toBe(false);
        const again = objects.map(({ document, kind, name, requires, secrets }) => ({
          document,
          kind,
          name,
          requires,
          secrets,
        }));
        expect(makeBundle({ ...parts, missing: manifest.missing, objects: again as never }).equals(bytes)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('is read also when a sequence is 10,000 times the same step, which packs like a bomb', () => {
    const step = { step: 'Run', type: 'RunCommandLine', settings: { command: 'true' } };
    const spec = { steps: Array.from({ length: 10_000 }, () => step) };
    const { objects } = readBundle(makeBundle({ ...parts, objects: [sequence('long', spec)] }));
    expect(objects[0]?.document.spec).toEqual(spec);
  });

  it.each<[string, string, () => Buffer]>([
    [
      'a document that was changed',
      'bundle.tampered',
      () =>
        changed((all) =>
          all.map((member) =>
            member.name === one
              ? { ...member, content: Buffer.from(String(Buffer.from(member.content)).replace('true', 'evil')) }
              : member,
          ),
        ),
    ],
    [
      'a list of files that was changed',
      'bundle.tampered',
      () =>
        changed((all) =>
          all.map((member) => (member.name.endsWith('content.json') ? { ...member, content: '{"files":[]}' } : member)),
        ),
    ],
    ['a missing document', 'bundle.entry-missing', () => changed((all) => all.filter(({ name }) => name !== one))],
    [
      'an entry that nobody names',
      'bundle.unexpected-entry',
      () => changed((all) => [...all, { name: 'readme.txt', content: 'x' }]),
    ],
    [
      'an entry that is there twice',
      'bundle.duplicate-entry',
      () => changed((all) => [...all, { name: one, content: '{}' }]),
    ],
    [
      'an entry that leads out of the archive',
      'import.zip-unsafe-name',
      () => changed((all) => [...all, { name: '../evil', content: '{}' }]),
    ],
    [
      'a bomb',
      'import.zip-bomb',
      () =>
        changed((all) =>
          all.map((member) =>
            member.name === one ? { ...member, content: Buffer.alloc(8_000_000), deflated: true } : member,
          ),
        ),
    ],
    [
      'bytes that are damaged',
      'import.zip-corrupt',
      () => changed((all) => all.map((member) => ({ ...member, crc: 7 }))),
    ],
    [
      'a newer version of the format',
      'bundle.newer-version',
      () => withManifest((manifest) => ({ ...manifest, version: 3, news: [] })),
    ],
    ['another format', 'bundle.not-a-bundle', () => withManifest((manifest) => ({ ...manifest, format: 'other' }))],
    [
      'an object that is there twice',
      'bundle.duplicate-object',
      () =>
        withManifest((manifest) => ({
          ...manifest,
          objects: [...(manifest['objects'] as object[]), (manifest['objects'] as object[])[0]],
        })),
    ],
    [
      'a manifest that says too little',
      'bundle.invalid',
      () => withManifest(({ format, version }) => ({ format, version })),
    ],
    [
      'a name that is a path',
      'bundle.invalid',
      () =>
        withManifest((manifest) => ({
          ...manifest,
          objects: (manifest['objects'] as object[]).map((object) => ({ ...object, name: '../up' })),
        })),
    ],
    [
      'a document of another name',
      'bundle.invalid',
      () => makeBundle({ ...parts, objects: [{ ...tool, name: 'other' }] }),
    ],
    [
      'a document that is not valid',
      'bundle.invalid',
      () => makeBundle({ ...parts, objects: [{ ...tool, document: { ...tool.document, spec: { nonsense: 1 } } }] }),
    ],
    ['an archive that ends too early', 'import.zip-corrupt', () => makeBundle(parts).subarray(0, -40)],
  ])('refuses %s', (_what, code, made) => {
    expect(codeOf(made())).toBe(code);
  });

  it('holds content of every kind and applications, of which readers of before say that they are too old', () => {
    const base = { requires: [], secrets: [] };
    const objects: BundleParts['objects'] = (
      ['OsImage', 'UpgradePackage', 'BootImage', 'DriverPackage', 'Application'] as const
    ).map((kind) => {
      const deploymentTypes = [{ name: 'any', install: { command: 'true' }, detection: { file: '/x' } }];
      const spec = kind === 'Application' ? { deploymentTypes } : kind === 'BootImage' ? { architecture: 'x64' } : {};
      const document = { apiVersion: API_VERSION, kind, metadata: { name: 'same' }, spec } as ResourceInput;
      return { ...base, kind, name: 'same', document, ...(kind === 'OsImage' ? { files: tool.files! } : {}) };
    });
    const bytes = makeBundle({ ...parts, objects: [...parts.objects, ...objects] });
    expect(looksLikeBundle(bytes)).toBe(true);
    const bundle = readBundle(bytes);
    expect(bundle.manifest.version).toBe(2);
    expect(bundle.objects.find(({ kind }) => kind === 'OsImage')?.files).toEqual(tool.files);
    for (const { kind, document } of objects)
      expect(bundle.objects.find((one) => one.kind === kind)?.document).toMatchObject({ kind, spec: document.spec });
    expect(looksLikeBundle(makeBundle({ ...parts, objects }))).toBe(true);
    expect(readBundle(makeBundle(parts)).manifest.version).toBe(1);
  });

  it('is not what a zip of something else is', () => {
    const other = makeZip([
      { name: 'manifest.json', content: '{}' },
      { name: 'ts.xml', content: '<sequence/>' },
    ]);
    expect(looksLikeBundle(other)).toBe(false);
    expect(looksLikeBundle(Buffer.from('PK'))).toBe(false);
  });
});
