import { API_VERSION, type Resource, type ResourceInput } from '@muster/contracts/resource.js';
import { STRIPPED_SECRET } from '@muster/sequence/edit/strip-secrets.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { planSequence } from './plan-import.js';

const place = '/spec/steps/0/settings/password';
const spec = (password: string, domain = 'example.org'): SequenceSpec => ({
  steps: [{ step: 'Join', type: 'JoinDomain', settings: { kind: 'domain', domain, account: 'E\\joe', password } }],
});
const input = (document: SequenceSpec): ResourceInput<SequenceSpec> => ({
  apiVersion: API_VERSION,
  kind: 'TaskSequence',
  metadata: { name: 'join' },
  spec: document,
});
const here = (document: SequenceSpec) =>
  ({
    ...input(document),
    metadata: { name: 'join', uid: 'u', resourceVersion: '7' },
  }) as unknown as Resource<SequenceSpec>;

const plan = (
  wanted: SequenceSpec,
  current: SequenceSpec | undefined,
  onDuplicate: 'ignore' | 'overwrite',
  more: { given?: Record<string, string>; withoutSecrets?: boolean } = {},
) =>
  planSequence(
    { input: input(wanted), onDuplicate, given: more.given ?? {} },
    current && here(current),
    more.withoutSecrets ?? false,
  );

describe('the plan of an import', () => {
  it('creates what is not there, with the secrets that are given', () => {
    expect(plan(spec(STRIPPED_SECRET), undefined, 'ignore', { given: { [place]: 'new' } })).toEqual({
      outcome: 'created',
      secrets: [{ path: place, state: 'given' }],
      suspended: false,
      document: input(spec('new')),
    });
  });

  it('names the secrets that are missing, and suspends the sequence when it shall do without', () => {
    const missing = [{ path: place, state: 'missing' }];
    expect(plan(spec(STRIPPED_SECRET), undefined, 'ignore')).toMatchObject({ secrets: missing, suspended: false });
    const suspended = plan(spec(STRIPPED_SECRET), undefined, 'ignore', { withoutSecrets: true });
    expect(suspended).toMatchObject({ secrets: missing, suspended: true, document: { spec: { enabled: false } } });
  });

  it('leaves what is there: unchanged when it is the same but for its secrets, else ignored', () => {
    expect(plan(spec(STRIPPED_SECRET), spec('old'), 'ignore')).toMatchObject({ outcome: 'unchanged', secrets: [] });
    expect(plan(spec(STRIPPED_SECRET, 'other'), spec('old'), 'ignore')).toEqual({
      outcome: 'ignored',
      secrets: [],
      suspended: false,
    });
  });

  it('keeps the secret that the step has here, also when another step changes, and then changes nothing by itself', () => {
    expect(plan(spec(STRIPPED_SECRET), spec('old'), 'overwrite')).toMatchObject({ outcome: 'unchanged' });
    const added = { steps: [...spec(STRIPPED_SECRET).steps, { sequence: 'child' }] };
    expect(plan(added, spec('old'), 'overwrite')).toMatchObject({
      outcome: 'overwritten',
      secrets: [{ path: place, state: 'kept' }],
      document: { spec: { steps: [spec('old').steps[0], { sequence: 'child' }] } },
    });
  });

  it('does not give the secret of this site to a step that the archive changed', () => {
    expect(plan(spec(STRIPPED_SECRET, 'evil.example'), spec('old'), 'overwrite')).toMatchObject({
      outcome: 'overwritten',
      secrets: [{ path: place, state: 'missing' }],
    });
  });

  it('takes a given secret before the one that is here', () => {
    expect(plan(spec(STRIPPED_SECRET), spec('old'), 'overwrite', { given: { [place]: 'new' } })).toMatchObject({
      outcome: 'overwritten',
      document: { spec: spec('new') },
    });
  });
});
