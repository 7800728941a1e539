import { contentFaultSchema } from '@muster/contracts/agent/content.js';
import { type ContentLocations, faultsHere, pointName, withOwnPoints } from './own-points.js';

const [a, b, c] = ['a', 'b', 'c'].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string, string];
const primary: ContentLocations = {
  manifest: { files: [] },
  locations: [
    { digest: a, urls: ['https://far/a'], points: ['local'] },
    { digest: b, urls: ['https://far/b'], points: ['local'] },
  ],
  sources: [{ point: 'local', reason: 'default group' }],
  expiresAt: '2026-11-27T10:00:00Z',
};
const own = {
  locations: [
    { digest: a, urls: ['http://near/a'], points: ['local'] },
    { digest: c, urls: ['http://near/c'], points: ['local'] },
  ],
  sources: [{ point: 'local', reason: 'current boundary group branch' }],
  expiresAt: '2026-11-27T09:00:00Z',
};

describe('content locations at a secondary site', () => {
  it('are its own points first, by a name that no point of the primary site has, then those of the primary one', () => {
    expect(withOwnPoints('SE1', primary, own)).toEqual({
      manifest: primary.manifest,
      locations: [
        { digest: a, urls: ['http://near/a', 'https://far/a'], points: ['se1-local', 'local'] },
        { digest: c, urls: ['http://near/c'], points: ['se1-local'] },
        { digest: b, urls: ['https://far/b'], points: ['local'] },
      ],
      sources: [
        { point: 'se1-local', reason: 'secondary site SE1: current boundary group branch' },
        { point: 'local', reason: 'default group' },
      ],
      expiresAt: '2026-11-27T09:00:00Z',
    });
  });

  it('are those of the primary site while this one has no copy', () => {
    expect(withOwnPoints('SE1', primary, { ...own, locations: [] })).toBe(primary);
  });

  it('have names that are names, however long the one here is', () => {
    const fault = { manifest: a, digest: b, problem: 'missing' as const };
    for (const name of ['x'.repeat(63), `${'x'.repeat(58)}-yyyy`])
      expect(contentFaultSchema.safeParse({ ...fault, point: pointName('SE1', name) }).success).toBe(true);
  });
});

describe('bad copies that computers of a secondary site met', () => {
  it('are its own business where the point is its own', () => {
    const fault = { manifest: a, digest: b, problem: 'missing' as const };
    const met = ['se1-local', 'local', 'se2-local'].map((point) => ({ ...fault, point }));
    expect(faultsHere('SE1', met)).toEqual([{ ...fault, point: 'local' }]);
  });
});
