import * as fc from 'fast-check';
import { evaluationOrder, findCircle, type CollectionEdge } from './collection-graph.js';

/** Edges only from greater to smaller numbers: no circles. */
const acyclic = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 11 })), { maxLength: 40 })
  .map((pairs) =>
    pairs
      .filter(([collection, needs]) => needs < collection)
      .map(([collection, needs]): CollectionEdge => ({ collection: `c${collection}`, needs: `c${needs}` })),
  );

describe('collections that depend on collections', () => {
  it('tell the whole way of a circle', () => {
    const edges = [
      { collection: 'b', needs: 'x' },
      { collection: 'b', needs: 'c' },
      { collection: 'c', needs: 'a' },
    ];
    expect(findCircle('a', 'b', edges)).toEqual(['a', 'b', 'c', 'a']);
    expect(findCircle('a', 'a', [])).toEqual(['a', 'a']);
    expect(findCircle('d', 'b', edges)).toBeUndefined();
  });

  it('have no circle in any graph without one, and one as soon as an edge closes it', () => {
    fc.assert(
      fc.property(acyclic, (edges) => {
        for (const { collection, needs } of edges) {
          expect(findCircle(collection, needs, edges)).toBeUndefined();
          const circle = findCircle(needs, collection, edges);
          expect(circle?.[0]).toBe(needs);
          expect(circle?.at(-1)).toBe(needs);
          circle?.slice(1, -1).forEach((name, index) => {
            const step = { collection: name, needs: circle[index + 2] };
            expect(edges).toContainEqual(step);
          });
        }
      }),
    );
  });

  it('are evaluated each once, behind all that they need, and nothing else is', () => {
    fc.assert(
      fc.property(acyclic, fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 4 }), (edges, numbers) => {
        const start = numbers.map((number) => `c${number}`);
        const order = evaluationOrder(start, edges);
        const reachable = new Set(start);
        for (let before = -1; before !== reachable.size;) {
          before = reachable.size;
          for (const { collection, needs } of edges) if (reachable.has(needs)) reachable.add(collection);
        }
        expect(order.toSorted()).toEqual([...reachable].toSorted());
        for (const { collection, needs } of edges) {
          if (reachable.has(needs)) expect(order.indexOf(needs)).toBeLessThan(order.indexOf(collection));
        }
      }),
    );
  });
});
