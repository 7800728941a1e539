import { lostWriteKey, mergeReplica, writeReplica, type Replica } from '@muster/hierarchy/replica.js';
import { hasSeen } from '@muster/hierarchy/version.js';
import { randomNumbers, sample } from '../faults/random.js';

const SITES = ['CAS', 'PR1', 'PR2', 'PR3'];

/** A history of one object in which sites write, and now and then hear of each other: all states that were ever sent. */
function randomHistory(random: () => number): Replica<string>[] {
  const at = new Map<string, Replica<string>>();
  const sent: Replica<string>[] = [];
  for (let step = 0; step < 12; step++) {
    const site = SITES[Math.floor(random() * SITES.length)]!;
    const heard = sent[Math.floor(random() * sent.length)];
    if (heard && random() < 0.4) at.set(site, mergeReplica(at.get(site), heard).replica);
    const content = random() < 0.2 ? null : `text ${step}`;
    const nowMilliseconds = 1_000 + Math.floor(random() * 5);
    at.set(site, writeReplica(at.get(site), content, { site, nowMilliseconds, chance: random() }));
    sent.push(at.get(site)!);
  }
  return sent;
}

/** Hears everything in the given order; answers the state, and the names of all writes that were kept as lost. */
function hear(states: readonly Replica<string>[]) {
  const lost = new Set<string>();
  let current: Replica<string> | undefined;
  for (const state of states) {
    const merged = mergeReplica(current, state);
    if (merged.lost) lost.add(lostWriteKey('Collection', 'lab', merged.lost.version));
    current = merged.replica;
  }
  return { current: current!, lost };
}

describe('merging', () => {
  it('gives the same object in any order and with any repetition, and loses no write unrecorded', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = randomNumbers(seed);
      const history = randomHistory(random);
      const orders = [0, 1, 2].map(() => {
        const repeated = [...history, ...sample(history, 5, random)];
        return hear(sample(repeated, repeated.length, random));
      });
      const expected = hear(history).current;
      // Sites tell each other what they recorded: together they must have everything.
      const lost = new Set(orders.flatMap((order) => [...order.lost]));
      for (const { current } of orders) expect([seed, current]).toEqual([seed, expected]);
      const unrecorded = history.filter(
        ({ version, content }) =>
          version.stamp !== expected.version.stamp &&
          content !== expected.content &&
          !history.some(({ basis }) => hasSeen(basis, version)) &&
          !lost.has(lostWriteKey('Collection', 'lab', version)),
      );
      expect([seed, unrecorded]).toEqual([seed, []]);
    }
  });

  it('is associative: what others merged before may be merged as a whole', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = randomNumbers(seed);
      const history = randomHistory(random);
      const cut = 1 + Math.floor(random() * (history.length - 1));
      const [left, right] = [hear(history.slice(0, cut)).current, hear(history.slice(cut)).current];
      const whole = hear(history).current;
      expect([seed, mergeReplica(left, right).replica]).toEqual([seed, whole]);
      expect([seed, mergeReplica(right, left).replica]).toEqual([seed, whole]);
    }
  });
});
