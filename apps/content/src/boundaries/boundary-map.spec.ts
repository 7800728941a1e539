import { ofOtherSitesOnly } from './boundary-map.js';

const groups = (...points: string[][]) => points.map((one) => ({ spec: { points: one } }));

describe('boundary groups of a hierarchy', () => {
  it('say nothing of the points of a site that none of them names', () => {
    expect(ofOtherSitesOnly(groups(['PR2/local'], ['CEN/a', 'PR2/b']))).toBe(true);
  });

  it('say nothing of them either by a place without points, whose neighbours have points of other sites', () => {
    const hq = { spec: { points: ['CEN/local'] } };
    const small = (minutes: number | 'never') => ({ spec: { points: [], neighbours: [{ group: 'hq', minutes }] } });
    expect(ofOtherSitesOnly([hq, small(10)])).toBe(true);
    expect(ofOtherSitesOnly([hq, small('never')])).toBe(false);
    const place = { spec: { points: [] } };
    expect(ofOtherSitesOnly([{ spec: { ...hq.spec, isDefault: true } }, place])).toBe(true);
    // No group leads to any point at all: as in a site that stands alone.
    expect(ofOtherSitesOnly([small(10)])).toBe(false);
  });

  it('rule as soon as one names a point of the site, or keeps devices from all points', () => {
    expect(ofOtherSitesOnly(groups(['PR2/local'], ['local']))).toBe(false);
    expect(ofOtherSitesOnly(groups(['PR2/local'], []))).toBe(false);
    expect(ofOtherSitesOnly([])).toBe(false);
  });
});
