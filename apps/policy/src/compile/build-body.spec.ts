import { policyBodySchema } from '@muster/contracts/agent/policy.js';
import { digestOf, digestOfBytes } from '@muster/contracts/digest.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { ResolvedContent } from '@muster/contracts/requests/resolve-content.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { buildBody, judgeSequence, neededPackages } from './build-body.js';

const manifest = digestOf('files');

function revision(spec: SequenceSpec): SequenceRevision {
  return { uid: '7b7e4c5e-0000-4000-8000-000000000001', name: 'sample', revision: 1, digest: digestOf(spec), spec };
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
    const outcome = buildBody(sequence, [content('hello')]);
    if (outcome.kind !== 'compiled') throw new Error(outcome.reason);
    const body = policyBodySchema.parse(JSON.parse(outcome.bytes));
    expect(body.packages).toEqual({
      hello: { version: 3, manifest, programs: { install: { command: 'install.sh' } } },
    });
    expect(body.sequence).toEqual({ name: 'sample', digest: sequence.digest, spec: sequence.spec });
    expect(outcome.manifests).toEqual([manifest]);
    expect(outcome.digest).toBe(digestOfBytes(outcome.bytes));
  });

  it('gives the same bytes whatever the order of keys and packages in the answers', () => {
    const sequence = revision({ steps: [install('b'), install('a')] });
    const shuffled = { ...sequence, spec: JSON.parse(JSON.stringify({ steps: sequence.spec.steps })) as SequenceSpec };
    expect(buildBody(sequence, [content('a'), content('b')])).toEqual(
      buildBody(shuffled, [content('b'), content('a')]),
    );
  });

  it.each([
    ['does not exist', content('hello', { exists: false, distributed: null })],
    ['is not available at any distribution point yet', content('hello', { distributed: null })],
  ])('is blocked, naming the package, when it %s', (words, answer) => {
    const outcome = buildBody(revision({ steps: [install('hello')] }), [answer]);
    expect(outcome).toEqual({ kind: 'blocked', reason: `package "hello" ${words}` });
  });

  it('is blocked when the answer leaves a package out', () => {
    expect(buildBody(revision({ steps: [install('hello')] }), []).kind).toBe('blocked');
  });
});

describe('judgeSequence', () => {
  it('withdraws a disabled sequence', () => {
    const sequence = revision({ enabled: false, steps: [] });
    expect(judgeSequence(sequence, sequence.digest)).toEqual({
      kind: 'withdrawn',
      reason: 'sequence "sample" is disabled',
    });
  });

  it('blocks on a revision that the catalog does not have', () => {
    expect(judgeSequence(null, manifest)?.kind).toBe('blocked');
  });

  it('blocks on an enabled child sequence, and passes a disabled one', () => {
    expect(judgeSequence(revision({ steps: [{ sequence: 'child' }] }), manifest)?.kind).toBe('blocked');
    expect(judgeSequence(revision({ steps: [{ sequence: 'child', disabled: true }] }), manifest)).toBeUndefined();
  });

  it('blocks on a name that no package can have', () => {
    expect(judgeSequence(revision({ steps: [install('Not A Name')] }), manifest)?.kind).toBe('blocked');
  });

  it('lets an ordinary sequence through', () => {
    expect(judgeSequence(revision({ steps: [install('hello')] }), manifest)).toBeUndefined();
  });
});

it('lists needed packages sorted, each once, through groups', () => {
  const sequence = revision({ steps: [install('b'), { group: 'G', steps: [install('a'), install('b')] }] });
  expect(neededPackages(sequence)).toEqual(['a', 'b']);
});
