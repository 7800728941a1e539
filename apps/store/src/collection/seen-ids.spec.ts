import { createHash } from 'node:crypto';
import { SeenIds } from './seen-ids.js';

const idOf = (text: string) => createHash('md5').update(text).digest('hex');

describe('the ids that were seen', () => {
  it('are never forgotten, and few others seem to be among them, not the same ones with another seed', () => {
    const wrong = [1, 2].map((seed) => {
      const seen = new SeenIds(20_000, seed);
      for (let n = 0; n < 20_000; n += 1) seen.add(idOf(`in ${n}`));
      for (let n = 0; n < 20_000; n += 1) expect(seen.has(idOf(`in ${n}`))).toBe(true);
      return new Set(Array.from({ length: 20_000 }, (_, n) => n).filter((n) => seen.has(idOf(`out ${n}`))));
    });
    const [first, second] = wrong as [Set<number>, Set<number>];
    expect(first.size).toBeLessThan(200);
    expect([...first].filter((n) => second.has(n)).length).toBeLessThan(10);
  });
});
