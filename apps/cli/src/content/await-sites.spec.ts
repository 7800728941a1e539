import type { DistributionSpec, SiteDistribution } from '@muster/contracts/kinds/distribution.js';
import type { ApiClient } from '../api/api-client.js';
import { awaitSites, sortBySite } from './await-sites.js';
import { siteRows } from './status-rows.js';

const SITES = [
  { code: 'CEN', parent: null },
  { code: 'PR1', parent: 'CEN' },
  { code: 'PR2', parent: 'CEN' },
  { code: 'SE1', parent: 'PR1' },
];

/** A site that says these sums one after the other, the last ones for ever. */
function siteThatSays(sums: SiteDistribution[][], points: string[], here = 'CEN'): ApiClient {
  const left = [...sums];
  const spec: DistributionSpec = { package: 'hello', points };
  return {
    json: async () => ({ site: here, items: SITES }),
    get: async ({ kind }: { kind: string }) =>
      kind === 'Distribution'
        ? { spec, status: { points: [], sites: left.length > 1 ? left.shift() : left[0] } }
        : { status: { newestVersion: 2 } },
  } as unknown as ApiClient;
}

const content = { kind: 'Package', name: 'hello' } as const;
const nothing = () => undefined;

describe('points of other sites', () => {
  it('are waited for where sites below tell of them, and not where nobody does', async () => {
    const places = { own: ['local'], elsewhere: ['PR1/local', 'PR1/a', 'PR2/b', 'SE1/c'] };
    const seen = await sortBySite(siteThatSays([], [], 'PR1'), places);
    expect([seen.own, [...seen.below], seen.unseen]).toEqual([['local', 'a'], [['SE1', ['c']]], ['PR2']]);
    const above = await sortBySite(siteThatSays([], []), places);
    expect([...above.below.keys(), ...above.unseen]).toEqual(['PR1', 'PR2', 'SE1']);
  });

  it('are there when their site counts all of them with the newest version: what it said before does not count', async () => {
    const told = (sum: Partial<SiteDistribution>): SiteDistribution[] => [
      { site: 'PR1', version: 2, points: 1, available: 1, failed: 0, ...sum },
    ];
    const client = siteThatSays(
      [
        [],
        told({}),
        told({ points: 2 }),
        told({ points: 2, available: 2, version: 1 }),
        told({ points: 2, available: 2 }),
      ],
      ['PR1/a', 'PR1/b'],
    );
    const waits: number[] = [];
    const found = await awaitSites(client, content, new Map([['PR1', ['a', 'b']]]), (_, { length }) =>
      waits.push(length),
    );
    expect([found, waits]).toEqual([told({ points: 2, available: 2 }), [1, 1, 1, 1, 0]]);
  });

  it.each([
    [{ unknownPoints: ['a'] }, 'site PR1 has no point a'],
    [{ failed: 1, problem: 'a: the disk is full' }, 'did not reach 1 of 1 points of site PR1: a: the disk is full'],
  ])('are not waited for in vain: %j', async (sum, message) => {
    const client = siteThatSays([[{ site: 'PR1', version: 2, points: 1, available: 0, failed: 0, ...sum }]], ['PR1/a']);
    await expect(awaitSites(client, content, new Map([['PR1', ['a']]]), nothing)).rejects.toThrow(message);
  });

  it('are a line for each site, also for one that has said nothing', () => {
    const told: SiteDistribution = { site: 'PR1', version: 2, points: 3, available: 1, failed: 1, problem: 'a: full' };
    const rows = siteRows([told], ['PR1/a', 'PR2/b', 'local']).map((row) => row.filter((cell) => cell !== ''));
    expect(rows).toEqual([
      ['site PR1', '2', '1 of 3, 1 failed', 'a: full'],
      ['site PR2', 'told', expect.stringContaining('nothing heard of it')],
    ]);
  });
});
