import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { pino } from 'pino';
import { Bell } from '../http/backoff.js';
import { InventoryLoop, lasting } from './inventory-loop.js';
import { isDue } from './told.js';

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
    expect(isDue(told, { digest, at: at(2) }, 86_400)).toBe(due);
  });

  it('is not told again for what changes all the time: free space, battery, clock, starts, log-ons', () => {
    const facts = (moment: number, type = 'ext4', sizeMegabytes = 100): Facts => ({
      hostname: 'a',
      os: { id: 'debian', lastBootAt: `2026-01-31T00:00:0${moment}Z` },
      cpu: { cores: 4, megahertz: 3000 + moment },
      lastUser: { name: `user-${moment}`, loggedOnAt: `2026-01-31T00:00:0${moment}Z` },
      power: moment === 1 ? 'ac' : 'battery',
      filesystems: [{ mount: '/', type, sizeMegabytes, freeMegabytes: moment }],
    });
    expect(lasting(facts(1))).toEqual(lasting(facts(2)));
    expect(lasting(facts(1))).not.toEqual(lasting(facts(1, 'ext4', 200)));
    expect(lasting(facts(1))).not.toEqual(lasting(facts(1, 'xfs')));
    expect(lasting(facts(1))).not.toEqual(lasting({ ...facts(1), os: { id: 'fedora' } }));
    // All of a pool have what is free in it.
    expect(lasting(facts(1, 'zfs', 100))).toEqual(lasting(facts(2, 'zfs', 200)));
  });

  it('is told at once when the site asks for it, although nothing changed, and again until the site has it', async () => {
    const [changed, stop] = [new Bell(), new AbortController()];
    const folder = mkdtempSync(join(tmpdir(), 'muster-inventory-'));
    const told: number[] = [];
    let looks = 0;
    const taken = new Promise<void>((resolve) => {
      const loop = new InventoryLoop({
        api: {
          inventory: async () => {
            told.push(looks);
            // The first is that of the start; the one that was asked for is refused once.
            if (told.length === 1) setImmediate(() => loop.tellNow());
            if (told.length === 2) throw new Error('the site is away');
            if (told.length === 3) resolve();
          },
        },
        logger: pino({ level: 'silent' }),
        path: join(folder, 'inventory'),
        gather: async () => {
          looks += 1;
          return { hostname: 'a' };
        },
        everyMinutes: () => 10_080,
        changed,
      });
      void loop.run(stop.signal);
    });
    await taken;
    stop.abort();
    rmSync(folder, { recursive: true });
    expect(told).toEqual([1, 2, 3]);
  });

  it('is looked at as often as the site says, also when it says so while nobody looks', async () => {
    const [changed, stop] = [new Bell(), new AbortController()];
    const folder = mkdtempSync(join(tmpdir(), 'muster-inventory-'));
    let everyMinutes: number | undefined = 10_080;
    const looks: number[] = [];
    const second = new Promise<void>((resolve) => {
      const loop = new InventoryLoop({
        api: { inventory: async () => undefined },
        logger: pino({ level: 'silent' }),
        path: join(folder, 'inventory'),
        gather: async () => {
          if (looks.push(1) === 2) resolve();
          else
            setImmediate(() => {
              everyMinutes = 0.0001;
              changed.ring();
            });
          return { hostname: 'a' };
        },
        everyMinutes: () => everyMinutes,
        changed,
      });
      void loop.run(stop.signal);
    });
    await second;
    stop.abort();
    rmSync(folder, { recursive: true });
    expect(looks).toHaveLength(2);
  });
});
