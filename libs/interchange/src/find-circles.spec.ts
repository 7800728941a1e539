import * as fc from 'fast-check';
import { findCircles } from './find-circles.js';

const graph = (edges: Record<string, string[]>) => new Map(Object.entries(edges));

describe('circles of calls', () => {
  it('are told from each of their members', () => {
    const circles = findCircles(
      graph({ start: ['a'], a: ['b'], b: ['c', 'elsewhere'], c: ['a'], self: ['self'], end: [] }),
    );
    expect(Object.fromEntries(circles)).toEqual({
      a: ['a', 'b', 'c', 'a'],
      b: ['b', 'c', 'a', 'b'],
      c: ['c', 'a', 'b', 'c'],
      self: ['self', 'self'],
    });
  });

  it('leave nothing behind that still has one', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    fc.assert(
      fc.property(fc.dictionary(name, fc.array(name, { maxLength: 4 })), (edges) => {
        const circles = findCircles(graph(edges));
        const left = Object.entries(edges).filter(([one]) => !circles.has(one));
        expect(findCircles(new Map(left)).size).toBe(0);
        for (const [one, circle] of circles) {
          expect([circle[0], circle.at(-1)]).toEqual([one, one]);
          for (const [index, from] of circle.slice(0, -1).entries()) expect(edges[from]).toContain(circle[index + 1]);
        }
      }),
    );
  });

  it('cost no more than a look at every call, however deep they nest', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => [`${index}`, [`${index + 1}`, `${index >> 1}`]] as const);
    expect(findCircles(new Map(many)).size).toBeGreaterThan(0);
  });
});
