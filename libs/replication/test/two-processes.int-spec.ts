import { leafUser } from '@muster/localsite/nats.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { newLinkKey, note, Station } from './station.js';

const WRITES = 30;
/** More than one answer carries. */
const [PAGES, PAGE] = [4, 4_000];

/** As on Kubernetes: two processes of one service at each site, on one database. */
describe('two processes of a service at both ends of a link', () => {
  let servers: TestServers[];
  let above: Station[] = [];
  let below: Station[] = [];
  const all = () => [...above, ...below];
  const first = ([station]: Station[]) => station!;

  beforeAll(async () => {
    const hub = await startServers({ siteCode: 'CAS', links: { children: ['PR1'] }, store: false });
    const parent = { host: '127.0.0.1', port: hub.site.ports['nats-leaf']!, ...leafUser(hub.site.layout, 'PR1') };
    const leaf = await startServers({ siteCode: 'PR1', links: { parent }, store: false });
    servers = [hub, leaf];
    const [high, low] = [newLinkKey(), newLinkKey()];
    above = [await Station.open(hub, high), await Station.open(hub, high)];
    below = [await Station.open(leaf, low), await Station.open(leaf, low)];
    for (const station of all()) {
      await station.know(
        { code: 'CAS', kind: 'central', publicKey: high.publicKey, revoked: false },
        { code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: low.publicKey, revoked: false },
      );
      station.start();
    }
  });

  afterAll(async () => {
    await Promise.all(all().map((station) => station.close()));
    await Promise.all((servers ?? []).map((one) => one.stop()));
  });

  const arrived = (station: Station, key: string) => until(async () => (await station.text(key)) !== undefined);
  const reader = async ({ database }: Station) => {
    const [link] = await database.query<{ reader: string | null }>('select reader from replica_link');
    return link?.reader ?? null;
  };

  it('read it once: nobody asks again what the other one was given, and no site hears its own words', async () => {
    await above[0]!.write('first', 'above');
    await below[1]!.write('first-below', 'below');
    await arrived(first(below), 'first');
    await arrived(first(above), 'first-below');
    for (let n = 0; n < WRITES; n += 1) {
      await above[n % 2]!.write(`down-${n}`, 'above');
      await below[n % 2]!.write(`up-${n}`, 'below');
      await Promise.all([arrived(first(below), `down-${n}`), arrived(first(above), `up-${n}`)]);
    }
    // Who asks for what was given already may have lost it, and from then on gets what it wrote itself, too.
    for (const { database } of [first(above), first(below)]) {
      const promised = 'select everything_sequence::int as sequence from replica_link';
      const [link] = await database.query<{ sequence: number }>(promised);
      expect(link!.sequence).toBeLessThan(WRITES);
    }
  });

  it('catch up with what takes several answers, and neither site takes the other for one that was restored', async () => {
    const station = first(above);
    for (let page = 0; page < PAGES; page += 1) {
      const writes = Array.from({ length: PAGE }, (_, n) => ({ key: `many-${page}-${n}`, content: { text: 'above' } }));
      await station.database.transaction((tx) => station.log.recordMany(tx, note, writes));
    }
    const count = `select count(*)::int as notes from note where key like 'many-%'`;
    await until(async () => {
      const [found] = await first(below).database.query<{ notes: number }>(count);
      return found!.notes === PAGES * PAGE;
    });
    for (const { database } of [station, first(below)]) {
      expect(await database.query('select former from replica_feed')).toEqual([{ former: [] }]);
    }
  });

  it('go on at once when the one that reads is stopped, and when it is gone without a word', async () => {
    const readers = below.map((station) => station.replication.readsFrom('CAS'));
    expect(readers.filter(Boolean)).toHaveLength(1);
    const at = readers.indexOf(true);
    const [gone] = below.splice(at, 1);
    await gone!.close();
    await first(above).write('after-the-stop', 'above');
    await arrived(first(below), 'after-the-stop');
    // As a process leaves it that was killed.
    await first(below).database.query(
      `update replica_link set reader = gen_random_uuid(), reader_until = now() + interval '3 seconds'`,
    );
    const killed = await reader(first(below));
    await until(async () => (await reader(first(below))) !== killed);
    await first(above).write('after-the-kill', 'above');
    await arrived(first(below), 'after-the-kill');
  });
});
