import * as fc from 'fast-check';
import { canonicalJson, sameJson } from './digest.js';

describe('two JSON values', () => {
  const value = fc.jsonValue({ maxDepth: 3 });

  it('are the same exactly when their canonical forms are', () => {
    const small = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(null, true, 0, -0, 1, '', 'a'),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('value'), { maxKeys: 2 }),
      ),
    })).value;
    fc.assert(
      fc.property(fc.oneof(value, small), fc.oneof(value, small), (one, other) => {
        expect(sameJson(one, other)).toBe(canonicalJson(one) === canonicalJson(other));
        expect(sameJson(one, JSON.parse(canonicalJson(one)))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('are the same when one has a field without a value', () => {
    expect([sameJson({ a: 1, b: undefined }, { a: 1 }), sameJson({ a: 1 }, { a: 1, b: undefined })]).toEqual([
      true,
      true,
    ]);
  });
});
