import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { isDue, lasting } from './inventory-loop.js';

const at = (hours: number) => new Date(Date.UTC(2026, 0, 1, hours)).toISOString();

describe('the inventory of a computer', () => {
  it.each([
    ['nothing was told', undefined, 'a', true],
    ['a fact changed', { digest: 'a', at: at(1) }, 'b', true],
    ['nothing changed', { digest: 'a', at: at(1) }, 'a', false],
    ['a day is over', { digest: 'a', at: at(-23) }, 'a', true],
    ['the clock went back', { digest: 'a', at: at(5) }, 'a', true],
    ['nobody can say when', { digest: 'a', at: 'never' }, 'a', true],
  ])('is told or not when %s', (_, told, digest, due) => {
    expect(isDue(told, { digest, at: at(2) })).toBe(due);
  });

  it('is not told again for free space or the battery', () => {
    const facts = (freeMegabytes: number, power: Facts['power'], sizeMegabytes = 100): Facts => ({
      hostname: 'a',
      power,
      filesystems: [{ mount: '/', sizeMegabytes, freeMegabytes }],
    });
    expect(lasting(facts(1, 'ac'))).toEqual(lasting(facts(2, 'battery')));
    expect(lasting(facts(1, 'ac'))).not.toEqual(lasting(facts(1, 'ac', 200)));
  });
});
