import type { LinkEntry } from '@muster/contracts/links/link-messages.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { Hierarchy, type KnownSite } from '../src/hierarchy.repository.js';
import { Intake } from '../src/intake.js';
import type { ReplicatedKind } from '../src/replicated-kind.js';
import { newLinkKey, note, Station } from './station.js';

const HISTORIES = 20;
const ROUNDS = 3;
const KEYS = 24;

describe('objects that another site sends', () => {
  let servers: TestServers;
  let central: Station;

  beforeAll(async () => {
    servers = await startServers({ siteCode: 'CAS', store: false });
    central = await Station.open(servers, newLinkKey());
  });

  afterAll(async () => {
    await central.close();
    await servers.stop();
  });

  const sites: KnownSite[] = [
    { code: 'CAS', kind: 'central', publicKey: null, revoked: false },
    { code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: null, revoked: false },
    { code: 'PR2', kind: 'primary', parent: 'CAS', publicKey: null, revoked: false },
  ];
  const hierarchy = new Hierarchy('CAS', new Map(sites.map((site) => [site.code, site])));

  const intake = (kind: ReplicatedKind) =>
    new Intake(central.database, central.log, [kind], { parked: () => undefined, waiting: () => undefined });

  /** All that a site keeps of what came; not when, and not where it stands in the feed. */
  const kept = async (): Promise<string> => {
    const { database } = central;
    return JSON.stringify(
      await Promise.all([
        database.query(`select kind, key, data_class, owner, site, stamp, basis, seen, content, schema_version, via
          from replica order by kind, key`),
        database.query('select key, text from note order by key'),
        database.query('select kind, key, code, message, attempts from replica_problem order by kind, key'),
        database.query('select peer, entry, error from replica_parked order by transaction, sequence'),
      ]),
      null,
      1,
    );
  };

  const take = async (rounds: readonly LinkEntry[][], kind: ReplicatedKind, cut: (left: number) => number) => {
    await central.database.query('truncate replica, note, replica_problem, replica_parked');
    const into = intake(kind);
    for (const entries of rounds) {
      for (let from = 0; from < entries.length;) {
        const upto = from + cut(entries.length - from);
        await into.repair(entries.slice(from, upto), 'PR1', hierarchy);
        from = upto;
      }
    }
    return kept();
  };

  it('leave the same tables however they are cut into batches: what is refused, parked or in conflict stands alone', async () => {
    const oneByOne: ReplicatedKind = { ...note };
    delete oneByOne.useMany;
    let [conflicts, waiting, parked] = [0, 0, 0];
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      const random = randomOf(seed);
      const rounds = Array.from({ length: ROUNDS }, (_, round) => sent(random, round));
      const alone = await take(rounds, oneByOne, () => 1);
      conflicts += (await central.conflicts()).length;
      const counts = await central.problems.counts(central.database);
      waiting += counts.problems;
      parked += counts.parked;
      const together = await take(rounds, note, (left) => left);
      const cut = await take(rounds, note, (left) => 1 + Math.floor(random() * left));
      // With the seed, to play it again.
      expect([seed, together]).toEqual([seed, alone]);
      expect([seed, cut]).toEqual([seed, alone]);
    }
    // None of these histories would show anything if nothing went wrong in them.
    expect([conflicts > 0, waiting > 0, parked > 0]).toEqual([true, true, true]);
  });
});

/** What a feed tells in one go: each object once, in any order; some not to be used, some not to be taken in. */
function sent(random: () => number, round: number): LinkEntry[] {
  const order = Array.from({ length: KEYS }, (_, n) => ({ n, at: random() })).sort((one, other) => one.at - other.at);
  return order
    .filter(() => random() < 0.7)
    .map(({ n }, index): LinkEntry => {
      const site = random() < 0.5 ? 'PR1' : 'PR2';
      const stamp = 1_000_000 + Math.floor(random() * 1_000_000);
      const [poisoned, refused, foreign, deleted] = [random() < 0.08, random() < 0.1, random() < 0.1, random() < 0.1];
      const content = foreign ? { words: stamp } : { text: refused ? 'refused' : `text ${stamp % 7}` };
      return {
        kind: poisoned ? 'CollectionSize' : 'Note',
        key: `key-${n}`,
        dataClass: 'global',
        owner: null,
        site,
        stamp,
        basis: {},
        seen: { [site]: stamp },
        schemaVersion: 1,
        content: deleted ? null : content,
        position: { transaction: round + 1, sequence: index + 1 },
      };
    });
}

/** In [0, 1), the same ones for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
