import { until } from '@muster/testing/until.js';
import type { Station } from '../../libs/replication/test/station.js';
import type { TwoSites } from './two-sites.js';

/** What a cut link cost. */
export interface Healed {
  /** At each side, while the link was cut. */
  readonly writes: number;
  /** Objects that both sides wrote. */
  readonly contested: number;
  /** From the link's healing until both sites have equal digests. */
  readonly secondsToEqual: number;
  /** Records of writes that lost, the same ones at both sites. */
  readonly conflicts: number;
}

/** Of one transaction. */
const WRITTEN_AT_ONCE = 100;
/** One object in so many is written at both sides. */
const CONTESTED = 20;

/**
 * Cuts the link, writes so many objects at each side as services write them, heals the link, and waits until both have the same.
 *
 * @param name no two calls on the same sites have the same one
 */
export async function cutAndHeal(sites: TwoSites, name: string, writes: number, patience?: number): Promise<Healed> {
  const { central, primary, proxy } = sites;
  const before = (await central.conflicts()).length;
  proxy.cut();
  await Promise.all([write(central, name, writes), write(primary, name, writes)]);
  const began = performance.now();
  proxy.heal();
  await until(() => sites.level(), patience);
  const secondsToEqual = (performance.now() - began) / 1_000;
  const [above, below] = [await central.conflicts(), await primary.conflicts()];
  if (JSON.stringify(above) !== JSON.stringify(below)) throw new Error('the sites keep other conflicts');
  const contested = Math.ceil(writes / CONTESTED);
  for (const station of [central, primary]) await requireAll(station, name, 2 * writes - contested);
  return { writes, contested, secondsToEqual, conflicts: above.length - before };
}

async function write(station: Station, name: string, writes: number): Promise<void> {
  for (let first = 0; first < writes; first += WRITTEN_AT_ONCE) {
    await station.database.transaction(async (tx) => {
      for (let n = first; n < Math.min(writes, first + WRITTEN_AT_ONCE); n += 1) {
        const key = n % CONTESTED === 0 ? `${name}-${n}` : `${name}-${n}-${station.site}`;
        await station.writeIn(tx, key, `written at ${station.site} during the cut`);
      }
    });
  }
}

async function requireAll(station: Station, name: string, wanted: number): Promise<void> {
  const sql = 'select count(*)::int as count from note where key like $1';
  const [found] = await station.database.query<{ count: number }>(sql, [`${name}-%`]);
  if (found?.count !== wanted) throw new Error(`${station.site} has ${found?.count} objects instead of ${wanted}`);
}
