import { findCircle } from './find-circle.js';

const find = (name: string, child: string, children: Record<string, string[]>) =>
  findCircle(name, child, new Map(Object.entries(children)))?.join(' > ');

describe('a circle of child sequences', () => {
  it.each([
    ['a sequence in itself', 'a', {}, 'a > a'],
    ['over another one', 'b', { b: ['a'] }, 'a > b > a'],
    [
      'over many, past ways that end',
      'b',
      { b: ['x', 'c'], x: ['y'], y: [], c: ['y', 'd'], d: ['a'] },
      'a > b > c > d > a',
    ],
    ['further down', 'b', { b: ['c'], c: ['b'] }, 'a > b > c > b'],
  ])('is found: %s', (_what, child, children, way) => {
    expect(find('a', child, children)).toBe(way);
  });

  it('is not what two ways to the same sequence are', () => {
    expect(find('a', 'b', { b: ['c', 'd'], c: ['e'], d: ['e'], e: [] })).toBeUndefined();
  });

  it('is not what the sequence was before: its own children are being replaced', () => {
    expect(find('a', 'b', { a: ['b'], b: [] })).toBeUndefined();
  });

  it('is looked for in time that grows with the number of pointers, and however long the way is', () => {
    const length = 20_000;
    const chain = Array.from({ length }, (_, n): [string, string[]] => [
      `s${n}`,
      [`s${n + 1}`, `s${n + 1}`, `s${n + 2}`],
    ]);
    expect(findCircle('a', 's0', new Map(chain))).toBeUndefined();
    expect(findCircle('a', 's0', new Map([...chain, [`s${length}`, ['a']]]))?.length).toBe(length + 3);
  });
});
