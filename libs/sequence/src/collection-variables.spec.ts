import * as fc from 'fast-check';
import { type CollectionVariables, mergeCollectionVariables } from './collection-variables.js';

const values = (collections: CollectionVariables[]): Record<string, string> =>
  Object.fromEntries(
    Object.values(mergeCollectionVariables(collections)).map(({ name, value, source }) => [name, `${value} ${source}`]),
  );

describe('the variables of the collections of a device', () => {
  it('come from the strongest collection that has the name, without regard to case, and say which', () => {
    expect(
      values([
        { id: 'a', variables: { Ring: '1', Site: 'x' } },
        { id: 'b', priority: 9, variables: { RING: '9' } },
        { id: 'c', priority: 5, variables: { ring: '5', constructor: 'c' } },
      ]),
    ).toEqual({ RING: '9 b', Site: 'x a', constructor: 'c c' });
  });

  it('come from the smaller id where priorities are equal; none is priority 1', () => {
    expect(
      values([
        { id: 'b', priority: 1, variables: { Ring: 'b' } },
        { id: 'a', variables: { Ring: 'a' } },
      ]),
    ).toEqual({ Ring: 'a a' });
  });

  it('do not hang on the order in which the collections are given', () => {
    const collection = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      priority: fc.integer({ min: 1, max: 3 }),
      variables: fc.dictionary(fc.constantFrom('X', 'x', 'Y'), fc.string({ maxLength: 2 }), { maxKeys: 2 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(collection, { selector: ({ id }) => id }), (collections) => {
        expect(values(collections.toReversed())).toEqual(values(collections));
      }),
    );
  });
});
