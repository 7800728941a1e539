import { namedCollections } from './collection.js';

describe('the collections that a collection is made of', () => {
  it('are named with their place in the document', () => {
    const rules = [{ device: 'a' }, { include: 'b' }, { exclude: 'c' }];
    expect(namedCollections({ limitingCollection: 'l', rules })).toEqual([
      { path: '/spec/limitingCollection', name: 'l' },
      { path: '/spec/rules/1/include', name: 'b' },
      { path: '/spec/rules/2/exclude', name: 'c' },
    ]);
  });
});
