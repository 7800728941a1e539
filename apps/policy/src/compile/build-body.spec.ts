import { policyBodySchema } from '@muster/contracts/agent/policy.js';
import { digestOf, digestOfBytes } from '@muster/contracts/digest.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { ResolvedContent } from '@muster/contracts/requests/resolve-content.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { buildBody, judgeChildren, judgeSequence, neededContent } from './build-body.js';
import type { Children } from './collect-children.js';

const manifest = digestOf('files');

function revision(spec: SequenceSpec, name = 'sample'): SequenceRevision {
  return { uid: '7b7e4c5e-0000-4000-8000-000000000001', name, revision: 1, digest: digestOf(spec), spec };
}

const NONE: Children = { revisions: new Map(), tooLarge: false };

/** Children as they were read; null: there is no such sequence. */
function childrenOf(specs: Record<string, SequenceSpec | null>): Children {
  const entries = Object.entries(specs).map(([name, spec]) => [name, spec && revision(spec, name)] as const);
  return { revisions: new Map(entries), tooLarge: false };
}

function install(name: string, disabled = false): SequenceSpec['steps'][number] {
  return { step: name, type: 'InstallPackage', disabled, settings: { package: name, program: 'install' } };
}

function content(name: string, change: Partial<ResolvedContent> = {}): ResolvedContent {
  return {
    name,
    exists: true,
    programs: { install: { command: 'install.sh' } },
    distributed: { version: 3, manifest, bytes: 10 },
    ...change,
  };
}

describe('buildBody', () => {
  it('carries the sequence and the version of every package that enabled steps need', () => {
    const sequence = revision({ steps: [install('hello'), install('unused', true), install('hello')] });
    const outcome = buildBody(sequence, NONE, [content('hello')]);
    if (outcome.kind !== 'compiled') throw new Error(outcome.reason);
    const body = policyBodySchema.parse(JSON.parse(outcome.bytes));
    expect(body.packages).toEqual({
      hello: { version: 3, manifest, programs: { install: { command: 'install.sh' } } },
    });
    expect(body.sequence).toEqual({ name: 'sample', digest: sequence.digest, spec: sequence.spec });
    expect(outcome.manifests).toEqual([manifest]);
    expect(outcome.digest).toBe(digestOfBytes(outcome.bytes));
  });

  it('says so when programs say where they begin, or where they can run', () => {
    const settings = (program: object) => {
      const programs = { install: { command: 'install.sh', ...program } };
      const outcome = buildBody(revision({ steps: [install('hello')] }), NONE, [content('hello', { programs })]);
      return outcome.kind === 'compiled' && outcome.programSettings;
    };
    expect(settings({ timeoutSeconds: 5 })).toBe(false);
    for (const one of [{ startFolder: 'a' }, { freeDiskMegabytes: 1 }, { requirements: { os: 'debian' } }])
      expect(settings(one)).toBe(true);
  });

  it('gives the same bytes whatever the order of keys and packages in the answers', () => {
    const sequence = revision({ steps: [install('b'), install('a')] });
    const shuffled = { ...sequence, spec: JSON.parse(JSON.stringify({ steps: sequence.spec.steps })) as SequenceSpec };
    expect(buildBody(sequence, NONE, [content('a'), content('b')])).toEqual(
      buildBody(shuffled, NONE, [content('b'), content('a')]),
    );
  });

  it.each([
    ['does not exist', 'policy.package-missing', content('hello', { exists: false, distributed: null })],
    [
      'is not available at any distribution point yet',
      'policy.package-not-distributed',
      content('hello', { distributed: null }),
    ],
  ])('is blocked, naming the package, when it %s', (words, code, answer) => {
    const outcome = buildBody(revision({ steps: [install('hello')] }), NONE, [answer]);
    expect(outcome).toEqual({ kind: 'blocked', code, reason: `package "hello" ${words}`, suspends: false });
  });

  it('is blocked when the answer leaves a package out', () => {
    expect(buildBody(revision({ steps: [install('hello')] }), NONE, []).kind).toBe('blocked');
  });

  it('is blocked on a name that no package can have', () => {
    const outcome = buildBody(revision({ steps: [install('Not A Name')] }), NONE, []);
    expect(outcome).toMatchObject({ kind: 'blocked', code: 'policy.package-missing' });
  });

  it('carries each child once with its digest, and the packages that children need', () => {
    const inner = { steps: [install('b')] };
    const outer = { steps: [{ sequence: 'inner' }, { sequence: 'inner' }] };
    const sequence = revision({ steps: [{ sequence: 'outer' }, install('a')] });
    const children = childrenOf({ outer, inner });
    expect(judgeChildren(sequence, children)).toBeUndefined();
    const outcome = buildBody(sequence, children, [content('a'), content('b')]);
    if (outcome.kind !== 'compiled') throw new Error(outcome.reason);
    const body = policyBodySchema.parse(JSON.parse(outcome.bytes));
    expect(body.children).toEqual({
      inner: { digest: digestOf(inner), spec: inner },
      outer: { digest: digestOf(outer), spec: outer },
    });
    expect(Object.keys(body.packages)).toEqual(['a', 'b']);
    const newer = childrenOf({ outer, inner: { ...inner, description: 'newer' } });
    expect(buildBody(sequence, newer, [content('a'), content('b')])).not.toEqual(outcome);
  });

  it('has no field for children where there are none: its bytes are what they were before there were any', () => {
    const outcome = buildBody(revision({ steps: [] }), NONE, []);
    expect(outcome.kind === 'compiled' && Object.keys(JSON.parse(outcome.bytes) as object)).toEqual([
      'packages',
      'sequence',
      'version',
    ]);
  });

  it('is blocked when it would have more than 32 MB', () => {
    const large = (name: string): SequenceSpec => ({
      steps: Array.from({ length: 500 }, (_, n) => ({
        step: `${name} ${n}`,
        type: 'SetTaskSequenceVariable',
        settings: { name: 'X', value: 'x'.repeat(4000) },
      })),
    });
    const names = Array.from({ length: 17 }, (_, n) => `child-${n}`);
    const sequence = revision({ steps: names.map((name) => ({ sequence: name })) });
    const children = childrenOf(Object.fromEntries(names.map((name) => [name, large(name)])));
    expect(buildBody(sequence, children, [])).toMatchObject({ kind: 'blocked', code: 'policy.body-too-large' });
    expect(judgeChildren(sequence, { ...children, tooLarge: true })?.code).toBe('policy.body-too-large');
  });
});

describe('judgeChildren', () => {
  const parent = (...names: string[]) => revision({ steps: names.map((name) => ({ sequence: name })) });

  it.each([
    ['a child is missing', 'sequence.child-missing', 'child sequence "a" does not exist', { a: null }],
    ['a child leads back to the parent', 'sequence.cycle', 'sample > a > sample', { a: parent('sample').spec }],
    ['children lead in a circle', 'sequence.cycle', 'sample > a > b > a', { a: parent('b').spec, b: parent('a').spec }],
    [
      'there are too many nodes',
      'sequence.too-many-steps',
      '100000',
      {
        a: parent(...Array.from({ length: 1000 }, () => 'b')).spec,
        b: { steps: Array.from({ length: 100 }, () => install('x')) },
      },
    ],
  ] as [string, string, string, Record<string, SequenceSpec | null>][])(
    'blocks when %s, and leaves devices what they have',
    (_what, code, words, specs) => {
      const outcome = judgeChildren(parent('a'), childrenOf(specs));
      expect(outcome).toMatchObject({ kind: 'blocked', code, suspends: false });
      expect(outcome?.reason).toContain(words);
    },
  );

  it('blocks when children nest deeper than any computer could follow', () => {
    const deep = (inner: SequenceSpec['steps'][number]): SequenceSpec =>
      Array.from({ length: 100 }).reduce<SequenceSpec>((spec) => ({ steps: [{ group: 'G', steps: spec.steps }] }), {
        steps: [inner],
      });
    const chain = Array.from({ length: 200 }, (_, n) => [`c${n}`, deep({ sequence: `c${n + 1}` })] as const);
    const specs = { ...Object.fromEntries(chain), c200: { steps: [] } };
    const outcome = judgeChildren(revision(deep({ sequence: 'c0' })), childrenOf(specs));
    expect(outcome).toMatchObject({ kind: 'blocked', code: 'sequence.too-deep' });
  });

  it('blocks when a child is disabled, and takes back what devices were told', () => {
    const outcome = judgeChildren(parent('a'), childrenOf({ a: { enabled: false, steps: [] } }));
    expect(outcome).toMatchObject({ kind: 'blocked', code: 'sequence.child-disabled', suspends: true });
  });
});

describe('judgeSequence', () => {
  it('withdraws a disabled sequence', () => {
    expect(judgeSequence(revision({ enabled: false, steps: [] }))).toEqual({
      kind: 'withdrawn',
      code: 'sequence.disabled',
      reason: 'sequence "sample" is disabled',
    });
  });

  it('lets an ordinary sequence through', () => {
    expect(judgeSequence(revision({ steps: [install('hello')] }))).toBeUndefined();
  });
});

it('lists needed packages sorted, each once, through groups', () => {
  const sequence = revision({ steps: [install('b'), { group: 'G', steps: [install('a'), install('b')] }] });
  const names = neededContent([sequence.spec, { steps: [install('a'), install('c')] }]).map(({ name }) => name);
  expect(names).toEqual(['a', 'b', 'c']);
});

describe('secrets of steps', () => {
  const name = '_Secret-abcdefghijklmnop';
  const spec: SequenceSpec = {
    steps: [{ step: 'Join', type: 'JoinDomain', settings: { kind: 'domain', domain: 'd', password: `%${name}%` } }],
  };
  const revisionOf = (secrets: Record<string, string>): SequenceRevision => ({
    uid: '7b7e4c5e-0000-4000-8000-000000000001',
    name: 'joins',
    revision: 1,
    digest: digestOf(spec),
    spec,
    secrets,
  });
  const alone = { revisions: new Map<string, SequenceRevision | null>(), tooLarge: false };

  it('go beside the body, sealed; the body has their names', () => {
    const outcome = buildBody(revisionOf({ [name]: 'a..b.c.d' }), alone, []);
    if (outcome.kind !== 'compiled') throw new Error(outcome.reason);
    expect(outcome.secrets).toEqual({ [name]: 'a..b.c.d' });
    expect(outcome.bytes).toContain(name);
    expect(outcome.bytes).not.toContain('a..b.c.d');
  });

  it('of children are gathered too, and one that is not there blocks the deployment', () => {
    const children = { ...alone, revisions: new Map([['joins', revisionOf({ [name]: 'a..b.c.d' })]]) };
    const parent = { ...revisionOf({}), name: 'parent', spec: { steps: [{ sequence: 'joins' }] } };
    expect(buildBody(parent, children, [])).toMatchObject({ kind: 'compiled', secrets: { [name]: 'a..b.c.d' } });
    expect(buildBody(revisionOf({}), alone, [])).toMatchObject({ kind: 'blocked', code: 'policy.secret-unknown' });
  });
});
