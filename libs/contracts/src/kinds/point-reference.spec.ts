import * as fc from 'fast-check';
import { isElsewhere, pointReferenceSchema, saidAt, saidForAll } from './point-reference.js';

const site = fc.constantFrom('CEN', 'PR1', 'PR2');
const name = fc.constantFrom('local', 'a', 'branch-7');

describe('a point of several sites', () => {
  it('is called by its name at its own site, and by SITE/NAME at all others', () => {
    expect(saidForAll('PR1', ['local', 'CEN/local'])).toEqual(['PR1/local', 'CEN/local']);
    expect(saidAt('CEN', ['PR1/local', 'CEN/local'])).toEqual(['PR1/local', 'local']);
    expect(['local', 'PR1/local'].map(isElsewhere)).toEqual([false, true]);
  });

  it('is the same point wherever it is said, and however often that was told on', () => {
    fc.assert(
      fc.property(site, fc.array(site), fc.array(fc.tuple(fc.option(site), name)), (first, way, written) => {
        const points = written.map(([of, called]) => (of === null ? called : `${of}/${called}`));
        const meant = saidForAll(first, points);
        let [at, said] = [first, points];
        for (const next of way) {
          said = saidAt(next, saidForAll(at, said));
          at = next;
          expect(saidForAll(at, said)).toEqual(meant);
          for (const point of said) expect(pointReferenceSchema.safeParse(point).success).toBe(true);
        }
      }),
    );
  });

  it('is refused with a site or a name that is none', () => {
    for (const wrong of ['pr1/local', 'PR1/', '/local', 'PR1/a/b', 'PR12/a', 'Local'])
      expect(pointReferenceSchema.safeParse(wrong).success).toBe(false);
  });
});
