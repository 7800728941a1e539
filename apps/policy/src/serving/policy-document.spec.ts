import { policyDocumentSchema, type Assignment, type PolicyWindow } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import { isTagFor, matchesTag, policyDocument, policyTag, type ToldContent } from './policy-document.js';

const assignment: Assignment = {
  deployment: { uid: '7b7e4c5e-0000-4000-8000-000000000001', name: 'rollout', generation: 1 },
  purpose: 'Required',
  body: digestOf('body'),
};

const window: PolicyWindow = {
  name: 'night',
  collection: 'servers',
  schedule: { start: '2026-12-01T01:00' },
  durationMinutes: 180,
};
const content = (change: Partial<ToldContent> = {}): ToldContent => ({
  serial: 7,
  assignments: [assignment],
  windows: [],
  variableSets: [],
  stepSecrets: [],
  sealingKey: null,
  abilities: [],
  rotateKey: null,
  stoppedDeployments: [],
  stoppedRuns: [],
  pollSeconds: 60,
  settings: {},
  ...change,
});
const set = (hasHidden: boolean) => ({ ownerUid: assignment.deployment.uid, digest: digestOf('set'), hasHidden });
const key = { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) } as const;

describe('policyTag', () => {
  it('is the same for the same assignments whatever the order of their keys', () => {
    const reversed = Object.fromEntries(Object.entries(assignment).toReversed()) as Assignment;
    expect(policyTag(content({ assignments: [reversed] }))).toBe(policyTag(content()));
  });

  it('changes with an assignment, a window, the poll interval, and what else the device goes by', () => {
    const tag = policyTag(content());
    expect(policyTag(content({ assignments: [] }))).not.toBe(tag);
    expect(policyTag(content({ assignments: [{ ...assignment, purpose: 'Available' }] }))).not.toBe(tag);
    expect(policyTag(content({ windows: [window] }))).not.toBe(tag);
    expect(policyTag(content({ rotateKey: 'thumbprint' }))).not.toBe(tag);
    expect(policyTag(content({ pollSeconds: 61 }))).not.toBe(tag);
    expect(policyTag(content({ settings: { cacheMegabytes: 100 } }))).not.toBe(tag);
    expect(policyTag(content({ stoppedRuns: [assignment.deployment.uid] }))).not.toBe(tag);
    expect(policyTag(content({ stoppedDeployments: [assignment.deployment.uid] }))).not.toBe(tag);
  });

  it('changes with a set of variables, but not for a device that runs nothing', () => {
    const variableSets = [set(false)];
    expect(policyTag(content({ variableSets }))).not.toBe(policyTag(content()));
    const idle = content({ assignments: [], variableSets });
    expect(policyTag(idle)).toBe(policyTag(content({ assignments: [] })));
  });

  it('changes with the sealing key of the device only where something is sealed to it', () => {
    const tag = (hidden: boolean, sealingKey: typeof key | null) =>
      policyTag(content({ variableSets: [set(hidden)], sealingKey }));
    expect(tag(true, key)).not.toBe(tag(true, null));
    expect(tag(false, key)).toBe(tag(false, null));
    const stepSecrets = ['_Secret-abcdefghijklmnop'];
    expect(policyTag(content({ stepSecrets, sealingKey: key }))).not.toBe(policyTag(content({ stepSecrets })));
  });
});

describe('isTagFor', () => {
  it('tells what agents with other abilities are told apart', () => {
    const plain = policyTag(content());
    const able = policyTag(content({ abilities: ['start-permits'] }));
    expect([isTagFor(plain, []), isTagFor(able, ['start-permits'])]).toEqual([true, true]);
    expect([isTagFor(plain, ['start-permits']), isTagFor(able, [])]).toEqual([false, false]);
  });
});

describe('matchesTag', () => {
  const tag = policyTag(content());

  it.each([
    ['the tag', tag],
    ['a weakened tag', `W/${tag}`],
    ['one of several tags', `"other", ${tag}`],
  ])('accepts %s', (_what, header) => expect(matchesTag(header, tag)).toBe(true));

  it.each([
    ['no header', undefined],
    ['another tag', '"other"'],
    ['the tag without its quotes', tag.slice(1, -1)],
    // Whoever has nothing must get the policy.
    ['a star', '*'],
  ])('refuses %s', (_what, header) => expect(matchesTag(header, tag)).toBe(false));
});

it('makes a document that agents accept', () => {
  const document = policyDocument(
    content({ windows: [window] }),
    { device: [{ name: 'Ring', value: 'pilot' }], collections: [] },
    { site: 'S01', deviceUid: assignment.deployment.uid, now: new Date(0) },
  );
  expect(policyDocumentSchema.parse(document)).toEqual(document);
  expect(document).toMatchObject({
    windows: [window],
    serial: 7,
    issuedAt: '1970-01-01T00:00:00.000Z',
    assignments: [assignment],
  });
});
