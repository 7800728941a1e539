import { ofOtherSitesOnly } from './boundary-map.js';

const groups = (...points: string[][]) => points.map((one) => ({ spec: { points: one } }));

describe('boundary groups of a hierarchy', () => {
  it('say nothing of the points of a site that none of them names', () => {
    expect(ofOtherSitesOnly(groups(['PR2/local'], ['CEN/a', 'PR2/b']))).toBe(true);
  });

  it('rule as soon as one names a point of the site, or keeps devices from all points', () => {
    expect(ofOtherSitesOnly(groups(['PR2/local'], ['local']))).toBe(false);
    expect(ofOtherSitesOnly(groups(['PR2/local'], []))).toBe(false);
    expect(ofOtherSitesOnly([])).toBe(false);
  });
});
