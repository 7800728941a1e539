import { type Digest, digestOfBytes } from '@muster/contracts/digest.js';
import * as fc from 'fast-check';
import { type CacheContents, type EvictionRequest, planEviction } from './plan-eviction.js';

const named = (name: string): Digest => digestOfBytes(name);
const version = (name: string, usedAt: number, folderBytes = 10, blobs = [name]) => ({
  manifest: named(name),
  blobs: blobs.map(named),
  folderBytes,
  usedAt,
});
const request = (more: Partial<EvictionRequest>): EvictionRequest => ({
  wanted: new Set([named('wanted')]),
  wantedBlobs: new Set([named('wanted')]),
  wantedBytes: 10,
  limitBytes: 1000,
  needed: new Set(),
  ...more,
});
const cache: CacheContents = {
  versions: [version('recent', 200), version('old', 50), version('older', 40), version('coming', 30, 0)],
  blobs: new Map([
    [named('old'), 10],
    [named('stray'), 5],
    [named('coming'), 3],
  ]),
};

describe('eviction', () => {
  it('removes nothing while everything fits', () => {
    expect(planEviction(cache, request({}))).toEqual({ blobs: [], versions: [], shortBytes: 0 });
  });

  it('begins with blobs of no version, then those that are in a folder too', () => {
    expect(planEviction(cache, request({ limitBytes: 57 }))).toMatchObject({ blobs: [named('stray')], versions: [] });
    const plan = planEviction(cache, request({ limitBytes: 43 }));
    expect(plan).toEqual({ blobs: [named('stray'), named('old')], versions: [], shortBytes: 0 });
  });

  it('then takes the versions that were used longest ago', () => {
    const order = (limitBytes: number): readonly Digest[] => planEviction(cache, request({ limitBytes })).versions;
    expect(order(40)).toEqual([named('coming')]);
    expect(order(20)).toEqual([named('coming'), named('older'), named('old')]);
    expect(order(10)).toEqual([named('coming'), named('older'), named('old'), named('recent')]);
  });

  it('never takes what was used in the time for which all is kept; a clock that was ahead keeps nothing for ever', () => {
    const kept = { from: 45, to: 150 };
    const plan = planEviction(cache, request({ limitBytes: 10, kept }));
    expect(plan).toMatchObject({ versions: [named('coming'), named('older'), named('recent')], shortBytes: 10 });
  });

  it('says how much is missing when what runs need leaves no room', () => {
    const needed = new Set([named('old'), named('recent')]);
    const plan = planEviction(cache, request({ limitBytes: 25, needed }));
    expect(plan).toMatchObject({ versions: [named('coming'), named('older')], shortBytes: 5 });
  });

  it('never removes what is wanted or needed, and removes no blob that a version without a folder still needs', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const someVersion = fc.record({
      name: fc.constantFrom(...names),
      usedAt: fc.nat(300),
      folderBytes: fc.nat(20),
      blobs: fc.uniqueArray(fc.constantFrom('1', '2', '3', '4'), { minLength: 1 }),
    });
    const versionsOf = fc.uniqueArray(someVersion, { selector: ({ name }) => name });
    fc.assert(
      fc.property(versionsOf, fc.subarray(names), fc.nat(120), (list, neededNames, limitBytes) => {
        const versions = list.map(({ name, usedAt, folderBytes, blobs }) => version(name, usedAt, folderBytes, blobs));
        const blobs = new Map(['1', '2', '3', '4', '5'].map((name) => [named(name), 7]));
        const needed = new Set(neededNames.map(named));
        const wantedBlobs = new Set([named('1')]);
        const asked = request({ wanted: new Set([named('a')]), wantedBlobs, needed, limitBytes });
        const plan = planEviction({ versions, blobs }, asked);
        const removed = new Set(plan.versions);
        expect([...removed].some((digest) => digest === named('a') || needed.has(digest))).toBe(false);
        expect(plan.blobs).not.toContain(named('1'));
        for (const left of versions) {
          if (removed.has(left.manifest) || left.folderBytes > 0 || left.manifest === named('a')) continue;
          expect(left.blobs.some((digest) => plan.blobs.includes(digest))).toBe(false);
        }
        const gone = new Set(plan.blobs);
        let bytes = 10;
        for (const [digest, size] of blobs) if (digest !== named('1') && !gone.has(digest)) bytes += size;
        for (const { manifest, folderBytes } of versions) {
          if (manifest !== named('a') && !removed.has(manifest)) bytes += folderBytes;
        }
        expect(plan.shortBytes).toBe(Math.max(0, bytes - limitBytes));
      }),
    );
  });
});
