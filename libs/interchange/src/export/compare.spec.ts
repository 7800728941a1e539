import * as fc from 'fast-check';
import { same, stable } from './compare.js';

const value = fc.jsonValue({ maxDepth: 4 });

describe('whether two values say the same', () => {
  it('is what their stable texts say, for any two values', () => {
    fc.assert(fc.property(value, value, (one, other) => expect(same(one, other)).toBe(stable(one) === stable(other))));
  });

  it('does not depend on the order of keys, nor on keys without a value', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          value,
        ),
        (one) => {
          const turned = Object.fromEntries([...Object.entries(one).toReversed(), ['nothing', undefined]]);
          const kept = Object.hasOwn(one, 'nothing') ? { ...turned, nothing: one['nothing'] } : turned;
          expect([same(one, kept), same(kept, one)]).toEqual([true, true]);
        },
      ),
    );
  });

  it('tells a list from an object, and one value more from none', () => {
    expect([
      same([], {}),
      same({}, []),
      same([1], [1, 2]),
      same({ a: 1 }, {}),
      same({}, { a: 1 }),
      same(null, {}),
    ]).toEqual(Array(6).fill(false));
  });
});
