import { policyDocumentSchema, type Assignment, type PolicyWindow } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import { matchesTag, policyDocument, policyTag } from './policy-document.js';

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
const tagOf = (assignments: Assignment[], windows: PolicyWindow[] = []): string =>
  policyTag({ assignments, windows }, 60);

describe('policyTag', () => {
  it('is the same for the same assignments whatever the order of their keys', () => {
    const reversed = Object.fromEntries(Object.entries(assignment).toReversed()) as Assignment;
    expect(tagOf([reversed])).toBe(tagOf([assignment]));
  });

  it('changes with an assignment, a window, and with the poll interval', () => {
    const tag = tagOf([assignment]);
    expect(tagOf([])).not.toBe(tag);
    expect(tagOf([assignment], [window])).not.toBe(tag);
    expect(tagOf([{ ...assignment, purpose: 'Available' }])).not.toBe(tag);
    expect(policyTag({ assignments: [assignment], windows: [] }, 61)).not.toBe(tag);
  });
});

describe('matchesTag', () => {
  const tag = tagOf([assignment]);

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
    { serial: 7, assignments: [assignment], windows: [window] },
    { site: 'S01', deviceUid: assignment.deployment.uid, pollSeconds: 60, now: new Date(0) },
  );
  expect(policyDocumentSchema.parse(document)).toEqual(document);
  expect(document).toMatchObject({
    windows: [window],
    serial: 7,
    issuedAt: '1970-01-01T00:00:00.000Z',
    assignments: [assignment],
  });
});
