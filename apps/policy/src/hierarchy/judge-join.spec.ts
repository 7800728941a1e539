import type { JoinClaims } from '@muster/contracts/hierarchy/joining.js';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import type { StoredJoinToken } from './join-token.repository.js';
import { judgeJoin, type JoinQuestion } from './judge-join.js';

const now = new Date('2026-11-26T12:00:00Z');
const own: HierarchySiteRecord = { code: 'CEN', kind: 'central', parent: null, publicKey: null, revoked: false };
const token: StoredJoinToken = {
  uid: 'u',
  code: 'PR1',
  kind: 'primary',
  createdBy: 'admin',
  createdAt: now,
  expiresAt: new Date('2026-11-26T13:00:00Z'),
  revokedAt: null,
  usedAt: null,
  usedBy: null,
};
const claims: JoinClaims = {
  code: 'PR1',
  kind: 'primary',
  publicKey: { kty: 'OKP', crv: 'Ed25519', x: 'x' },
  sealingKey: 'same',
  below: [],
};
const used = { ...token, usedAt: now, usedBy: 'thumb' };
const site = (changes: Partial<HierarchySiteRecord>): HierarchySiteRecord => ({
  ...own,
  kind: 'primary',
  parent: 'CEN',
  ...changes,
});

const judge = (changes: Partial<JoinQuestion>) => {
  const judged = judgeJoin({
    token,
    claims,
    thumbprint: 'thumb',
    outdated: false,
    own,
    sites: [own],
    sealingKey: 'same',
    now,
    ...changes,
  });
  return typeof judged === 'object' ? judged.code : judged;
};

describe('a site that presents a join token', () => {
  it('is let in once, and again only with the key that used the token, also when it has expired since', () => {
    expect(judge({})).toBe('admit');
    const later = new Date('2027-01-01T00:00:00Z');
    expect(judge({ token: used, sites: [own, site({ code: 'PR1' })], now: later })).toBe('again');
    expect(judge({ token: used, sites: [own, site({ code: 'PR1' })], thumbprint: 'other' })).toBe(
      'hierarchy.used-token',
    );
    expect(judge({ token: used, sites: [own, site({ code: 'PR1', revoked: true })] })).toBe('hierarchy.revoked-site');
  });

  it('that is here already comes again with a new token and the same key, whatever was lost on the way', () => {
    const { publicKey } = claims;
    expect(judge({ sites: [own, site({ code: 'PR1', publicKey })] })).toBe('admit');
    expect(judge({ sites: [own, site({ code: 'PR1', publicKey, parent: 'PR2' })] })).toBe('hierarchy.code-in-use');
  });

  it('that was revoked comes back with a new token', () => {
    expect(judge({ sites: [own, site({ code: 'PR1', revoked: true })] })).toBe('admit');
  });

  it.each<[string, Partial<JoinQuestion>]>([
    ['hierarchy.unknown-token', { token: undefined }],
    ['hierarchy.outdated-token', { outdated: true }],
    ['hierarchy.expired-token', { now: token.expiresAt }],
    ['hierarchy.revoked-token', { token: { ...token, revokedAt: now } }],
    ['hierarchy.wrong-code', { claims: { ...claims, code: 'PR2' } }],
    ['hierarchy.wrong-kind', { claims: { ...claims, kind: 'central' } }],
    ['hierarchy.wrong-place', { own: { ...own, kind: 'secondary' } }],
    ['hierarchy.code-in-use', { sites: [own, site({ code: 'PR1' })] }],
    ['hierarchy.code-in-use', { sites: [own, site({ code: 'PR1', parent: 'PR2', revoked: true })] }],
    [
      'hierarchy.code-in-use',
      {
        sites: [own, site({ code: 'SE1' })],
        claims: { ...claims, below: [{ code: 'SE1', kind: 'secondary', parent: 'PR1' }] },
      },
    ],
    ['hierarchy.other-sealing-key', { sealingKey: 'another' }],
  ])('is refused with %s', (code, changes) => {
    expect(judge(changes)).toBe(code);
  });
});
