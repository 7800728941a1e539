import { array, assert, constant, integer, nat, oneof, property, record } from 'fast-check';
import { divideCap, neededShare, type SiteUse, sumProgress } from './divide-cap.js';
import { judgeRollout, newProgress, type GroupProgress } from './judge-rollout.js';
import { movePermit } from './change-rollout.js';
import type { Rollout } from './rollout.js';

const site = (name: string, told: number, needed: number, more: Partial<SiteUse> = {}): SiteUse => ({
  site: name,
  told,
  heard: true,
  held: told,
  needed,
  ...more,
});
const divided = (cap: number, sites: readonly SiteUse[], turn = 0) => Object.fromEntries(divideCap(cap, sites, turn));

describe('a limit that sites share', () => {
  it('is divided by what each needs', () => {
    expect(divided(50, [site('PR1', 0, 300), site('PR2', 0, 100)])).toEqual({ PR1: 37, PR2: 13 });
    expect(divided(50, [site('PR1', 0, 5), site('PR2', 0, 7)])).toEqual({ PR1: 5, PR2: 7 });
  });

  it('leaves no site that needs a place without one, where there are enough', () => {
    expect(divided(3, [site('PR1', 0, 1000), site('PR2', 0, 1), site('PR3', 0, 1)])).toEqual({
      PR1: 1,
      PR2: 1,
      PR3: 1,
    });
  });

  it('goes from site to site where there are fewer places than sites', () => {
    const sites = [site('PR1', 0, 9), site('PR2', 0, 9)];
    expect([0, 1, 2].map((turn) => divided(1, sites, turn))).toEqual([{ PR1: 1 }, { PR2: 1 }, { PR1: 1 }]);
  });

  it('is taken back first, and given to another site only when the first one has said so', () => {
    const before = [site('PR1', 10, 1), site('PR2', 0, 9)];
    expect(divided(10, before)).toEqual({ PR1: 1 });
    expect(divided(10, [site('PR1', 1, 1, { heard: false, held: 10 }), site('PR2', 0, 9)])).toEqual({});
    // Seven run there still; as they end, their places come over.
    expect(divided(10, [site('PR1', 1, 1, { held: 7 }), site('PR2', 0, 9)])).toEqual({ PR2: 3 });
    expect(divided(10, [site('PR1', 1, 1), site('PR2', 3, 9)])).toEqual({ PR2: 9 });
  });

  it('stays where it is while nobody lacks it, and is not moved for a little', () => {
    expect(divided(10, [site('PR1', 8, 1), site('PR2', 2, 2)])).toEqual({});
    expect(divided(100, [site('PR1', 52, 100), site('PR2', 48, 100)])).toEqual({});
  });

  it('that becomes less is taken back from all, and that is held from everybody', () => {
    const sites = [site('PR1', 50, 90), site('PR2', 50, 90)];
    expect(divided(10, sites)).toEqual({ PR1: 5, PR2: 5 });
    expect(divided(0, sites)).toEqual({ PR1: 0, PR2: 0 });
  });

  it('is never exceeded, however late sites hear of it, whatever they start, and is of use once they hear', () => {
    const step = oneof(
      { weight: 4, arbitrary: record({ what: constant('start' as const), at: nat(3), devices: nat(20) }) },
      { weight: 2, arbitrary: record({ what: constant('end' as const), at: nat(3) }) },
      { weight: 2, arbitrary: record({ what: constant('hear' as const), at: nat(3) }) },
      { weight: 2, arbitrary: record({ what: constant('report' as const), at: nat(3) }) },
      { weight: 2, arbitrary: record({ what: constant('need' as const), at: nat(3), needed: nat(40) }) },
      { weight: 2, arbitrary: record({ what: constant('divide' as const), at: nat(5) }) },
      { weight: 1, arbitrary: record({ what: constant('limit' as const), at: nat(3), cap: nat(20) }) },
    );
    assert(
      property(integer({ min: 1, max: 20 }), array(step, { minLength: 80, maxLength: 200 }), (greatest, steps) => {
        // It becomes less and more again, never more than at first.
        let cap = greatest;
        let named = 0;
        const sites = ['PR1', 'PR2', 'PR3', 'PR4'].map((code) => ({
          code,
          // At the dividing site: what it said, and what it heard last.
          said: { id: 0, share: 0 },
          report: { id: 0, held: 0, needed: 0 },
          // At the site itself.
          share: { id: 0, share: 0 },
          open: 0,
          needed: 0,
        }));
        type Station = (typeof sites)[number];
        const total = () => sites.reduce((sum, { open }) => sum + open, 0);
        // What could run if every site heard now, or never, and started all that it may.
        const possible = () =>
          sites.reduce((sum, { open, share, said }) => sum + Math.max(open, share.share, said.share), 0);
        const hear = (one: Station) => (one.share = one.said);
        const report = (one: Station) => {
          one.report = { id: one.share.id, held: Math.max(one.share.share, one.open), needed: one.needed };
        };
        const divide = (turn: number) => {
          const known = sites.map((one): SiteUse => {
            const { said, report: last } = one;
            return {
              site: one.code,
              told: said.share,
              heard: last.id === said.id,
              held: last.held,
              needed: last.needed,
            };
          });
          for (const [code, share] of divideCap(cap, known, turn)) {
            sites.find((one) => one.code === code)!.said = { id: (named += 1), share };
          }
        };
        const start = (one: Station) => {
          if (one.open < one.share.share) one.open += 1;
        };
        for (const one of steps) {
          const at = sites[one.at % sites.length]!;
          if (one.what === 'start') for (let device = 0; device < one.devices; device += 1) start(at);
          else if (one.what === 'end') at.open = Math.max(0, at.open - 1);
          else if (one.what === 'hear') hear(at);
          else if (one.what === 'report') report(at);
          else if (one.what === 'need') at.needed = one.needed;
          else if (one.what === 'divide') divide(one.at);
          else cap = one.cap % (greatest + 1);
          if (possible() > greatest) throw new Error(`${possible()} may run, and at most ${greatest}`);
        }
        // Healed: everybody hears, what runs ends, and whoever needs a place gets it.
        for (let round = 0; round < 6; round += 1) {
          for (const one of sites) {
            hear(one);
            one.open = 0;
            one.needed = 40;
            report(one);
          }
          divide(0);
        }
        for (const one of sites) {
          hear(one);
          for (let device = 0; device < 40; device += 1) start(one);
        }
        expect(total()).toBeLessThanOrEqual(cap);
        expect(total()).toBeGreaterThanOrEqual(Math.floor(cap * 0.8));
      }),
      { numRuns: 500 },
    );
  });
});

describe('what a site needs of a limit', () => {
  const rollout: Rollout = { groups: [{ name: 'pilot', size: 5 }, { name: 'rest' }] };
  const { progress: begun } = judgeRollout(rollout, newProgress(rollout), { now: 0, members: 100 });
  const started = (count: number) => {
    let progress = begun;
    for (let one = 0; one < count; one += 1) progress = movePermit(progress, 0, undefined, 'open');
    return progress;
  };

  it('are the places of the group that is open, and what runs', () => {
    expect(neededShare(rollout, begun, 100)).toBe(5);
    expect(neededShare(rollout, started(2), 100)).toBe(5);
    expect(neededShare(rollout, begun, 3)).toBe(3);
  });

  it('is more than what is used, so that devices which run again find a place', () => {
    let progress = started(5);
    for (let one = 0; one < 5; one += 1) progress = movePermit(progress, 0, 'open', 'succeeded');
    expect(neededShare(rollout, progress, 5)).toBe(1);
    expect(neededShare(rollout, movePermit(progress, 0, 'succeeded', 'open'), 5)).toBe(2);
  });

  it('is nothing more while its rollout is paused, or nobody is a member', () => {
    const paused = { code: 'rollout.paused-by-hand', message: 'by ana', at: 0 };
    expect(neededShare(rollout, { ...started(2), paused }, 100)).toBe(2);
    expect(neededShare(rollout, begun, 0)).toBe(0);
  });
});

describe('groups of all sites', () => {
  it('count together, and what is forgiven above stays', () => {
    const rollout: Rollout = { groups: [{ name: 'pilot', size: 5 }] };
    const before = { groups: [{ ...newProgress(rollout).groups[0]!, forgiven: 1 }] };
    const group = (more: Partial<GroupProgress>): GroupProgress => ({ ...newProgress(rollout).groups[0]!, ...more });
    const sites = [
      [group({ openedAt: 7, devices: 5, failed: 1 })],
      [group({ openedAt: 5, devices: 5, silent: 1, open: 2 })],
      [group({})],
    ];
    expect(sumProgress(before, sites).groups).toEqual([
      { open: 2, succeeded: 0, failed: 1, silent: 1, forgiven: 1, openedAt: 5, devices: 10 },
    ]);
  });
});
