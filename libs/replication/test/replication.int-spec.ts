import { leafUser } from '@muster/localsite/nats.js';
import { freePort } from '@muster/testing/free-port.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { until } from '@muster/testing/until.js';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { OLD_KEY_MILLISECONDS, withKey } from '../src/changed-keys.js';
import { Intake } from '../src/intake.js';
import { BEGINNING } from '../src/link.repository.js';
import { newLinkKey, newRenewedLinkKey, note, Station } from './station.js';

describe('two sites, each with its own database and bus', () => {
  let servers: TestServers[];
  let proxy: TcpProxy;
  let central: Station;
  let primary: Station;

  const level = async () => (await central.digest()) === (await primary.digest());

  beforeAll(async () => {
    const hub = await startServers({ siteCode: 'CAS', links: { children: ['PR1'] }, store: false });
    proxy = await TcpProxy.open(await freePort(), hub.site.ports['nats-leaf']!);
    const parent = { host: '127.0.0.1', port: proxy.port, ...leafUser(hub.site.layout, 'PR1') };
    const leaf = await startServers({ siteCode: 'PR1', links: { parent }, store: false });
    servers = [hub, leaf];
    const keys = [newLinkKey(), newRenewedLinkKey()];
    central = await Station.open(hub, keys[0]!);
    primary = await Station.open(leaf, keys[1]!);
    const sites = [
      { code: 'CAS', kind: 'central', publicKey: keys[0]!.publicKey, revoked: false },
      { code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: keys[1]!.knownAs(null).publicKey, revoked: false },
    ] as const;
    for (const station of [central, primary]) {
      await station.know(...sites);
      station.start();
    }
  });

  afterAll(async () => {
    await Promise.all([central, primary].map((station) => station.close()));
    await proxy.close();
    await Promise.all(servers.map((one) => one.stop()));
  });

  it('hear of each other what is written, changed and deleted', async () => {
    await central.write('down', 'from central');
    await primary.write('up', 'from primary');
    await until(
      async () => (await primary.text('down')) === 'from central' && (await central.text('up')) === 'from primary',
    );
    await primary.write('down', 'changed below');
    await central.write('up', null);
    await until(
      async () => (await central.text('down')) === 'changed below' && (await primary.text('up')) === undefined,
    );
    await until(level);
  });

  it('miss nothing that commits after a later transaction', async () => {
    let commit: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (commit = resolve));
    let wrote: () => void = () => undefined;
    const written = new Promise<void>((resolve) => (wrote = resolve));
    const slow = central.database.transaction(async (tx) => {
      await central.writeIn(tx, 'slow', 'committed late');
      wrote();
      await held;
    });
    await written;
    await central.write('quick', 'committed first');
    // Held back until the older transaction ends, or the reader would go past it.
    expect(await primary.text('quick')).toBeUndefined();
    commit();
    await slow;
    await until(
      async () => (await primary.text('slow')) === 'committed late' && (await primary.text('quick')) !== undefined,
    );
  });

  it('answer a neighbour while they take in what it sent', async () => {
    await central.database.transaction(async (tx) => {
      // Somebody takes in an answer of the primary site, and is not done.
      await central.links.placeInTurn(tx, 'PR1');
      await primary.write('waits', 'until the other one is done');
      await central.write('goes', 'meanwhile');
      await until(async () => (await primary.text('goes')) === 'meanwhile');
      expect(await central.text('waits')).toBeUndefined();
    });
    await until(async () => (await central.text('waits')) !== undefined);
  });

  it('take in nothing for a place that is another one by now', async () => {
    const stale = central.database.transaction(async (tx) => {
      const place = await central.links.placeInTurn(tx, 'PR1');
      await central.writeIn(tx, 'stale', 'of a feed that begins anew');
      await central.database.transaction((other) => central.links.movePlace(other, 'PR1', place, BEGINNING));
      await central.links.movePlace(tx, 'PR1', place, place);
    });
    await expect(stale).rejects.toThrow('is read from another place meanwhile');
    expect(await central.text('stale')).toBeUndefined();
    await until(level);
  });

  it('go on with the link cut, and agree afterwards; who lost is kept at both', async () => {
    await central.write('both', 'before');
    await until(async () => (await primary.text('both')) === 'before');
    proxy.cut();
    primary.clockAhead = 3_600_000;
    await central.write('both', 'central says');
    await primary.write('both', 'primary says');
    primary.clockAhead = 0;
    await Promise.all([1, 2, 3, 4, 5].map((n) => central.write(`central-${n}`, 'written during the cut')));
    await Promise.all([1, 2, 3, 4, 5].map((n) => primary.write(`primary-${n}`, 'written during the cut')));
    proxy.heal();
    await until(level);
    expect([await central.text('both'), await primary.text('both')]).toEqual(['primary says', 'primary says']);
    expect(await central.conflicts()).toEqual([expect.stringMatching(/^Note\/both\/CAS-\d+$/)]);
    expect(await primary.text('central-5')).toBe('written during the cut');
    // A later write wins although the clock of its site is an hour behind.
    await central.write('both', 'central has read it');
    await until(async () => (await primary.text('both')) === 'central has read it');
  });

  it('lose nothing with the bus of either side', async () => {
    for (const one of servers) {
      const { site } = one;
      await site.supervisor.stop('nats');
      rmSync(join(site.layout.nats, 'jetstream'), { recursive: true, force: true });
      await central.write(`without-bus-of-${site.siteCode}`, 'central');
      await primary.write(`also-without-bus-of-${site.siteCode}`, 'primary');
      await one.restartBus();
    }
    await until(level);
    expect(await primary.text('without-bus-of-CAS')).toBe('central');
    expect(await central.text('also-without-bus-of-PR1')).toBe('primary');
  });

  it('let an object wait that a site cannot use, say why, and hold up nothing', async () => {
    await central.database.transaction((tx) => central.log.record(tx, note, 'bad', { text: 'refused' }));
    await central.database.transaction((tx) => central.log.record(tx, note, 'worse', { words: 1 }));
    await central.write('after', 'it goes on');
    await until(async () => (await primary.text('after')) === 'it goes on');
    const problems = await primary.problems.list(primary.database, 10);
    expect(problems.map(({ key, code }) => [key, code])).toEqual([
      ['bad', 'note.refused'],
      ['worse', 'hierarchy.cannot-use'],
    ]);
    await central.write('bad', 'good now');
    await central.write('worse', 'better');
    await until(async () => (await primary.problems.counts(primary.database)).problems === 0);
    expect(await primary.text('bad')).toBe('good now');
  });

  it('park what a site must not send, and go on', async () => {
    const forged = { ...note, kind: 'CollectionSize' };
    // In one transaction: a reader between the two would see what is no forgery.
    await primary.database.transaction(async (tx) => {
      await primary.log.record(tx, forged, 'forged', { members: 1 }, { dataClass: 'site', owner: 'PR2' });
      await tx.query(`update replica set data_class = 'global' where key = 'forged'`);
    });
    await primary.write('behind-it', 'passes');
    await until(async () => (await central.text('behind-it')) === 'passes');
    const parked = await central.problems.parked(central.database, 10);
    expect(parked.map(({ peer, error }) => [peer, error])).toEqual([
      ['PR1', 'CollectionSize is site data, it came as global data'],
    ]);
    await primary.database.query(`delete from replica where key = 'forged'`);
  });

  it('park what a site calls its own under the name of what another one told', async () => {
    const forged = { ...note, kind: 'CollectionSize' };
    const belonging = { dataClass: 'site', owner: 'PR1' } as const;
    await primary.database.transaction((tx) => primary.log.record(tx, forged, 'fleet/PR2', { members: 1 }, belonging));
    await primary.write('behind-that', 'passes');
    await until(async () => (await central.text('behind-that')) === 'passes');
    const parked = await central.problems.parked(central.database, 10);
    expect(parked.map(({ error }) => error)).toContain(
      'CollectionSize "fleet/PR2" is not named as data of PR1, as which it came',
    );
    expect(await central.replicas.find(central.database, { kind: 'CollectionSize', key: 'fleet/PR2' })).toBeUndefined();
    await primary.database.query(`delete from replica where key = 'fleet/PR2'`);
  });

  it('keep what only a newer release knows, visibly, and use it once they have that release', async () => {
    const used: string[] = [];
    const use = async (_tx: unknown, key: string) => void used.push(key);
    const novelty = { kind: 'Novelty', schemaVersion: 1, understand: (content: unknown) => content, use };
    await central.database.transaction((tx) => central.log.record(tx, novelty, 'new', { text: 'from the future' }));
    await until(async () => (await primary.problems.counts(primary.database)).problems === 1);
    const never = () => undefined;
    const [problem] = await primary.problems.list(primary.database, 10);
    expect(problem).toMatchObject({ kind: 'Novelty', key: 'new', code: 'hierarchy.unknown-kind' });
    await until(level);
    // Nobody tries again what only another release can use.
    const tries = () => primary.database.query('select attempts from replica_problem');
    expect(await tries()).toEqual([{ attempts: 1 }]);
    expect(await new Intake(primary.database, primary.log, [note], { parked: never, waiting: never }).retry()).toBe(0);
    expect(await tries()).toEqual([{ attempts: 1 }]);
    const updated = new Intake(primary.database, primary.log, [note, novelty], { parked: never, waiting: never });
    expect(await updated.retry()).toBe(1);
    expect(used).toEqual(['new']);
    expect((await primary.problems.counts(primary.database)).problems).toBe(0);
  });

  it('keep both of one name, where one was there before its site had the release that shares that kind', async () => {
    const novelty = { kind: 'Novelty', schemaVersion: 1, understand: (content: unknown) => content };
    const name = { kind: 'Novelty', key: 'of-both' };
    const problems = async (one: Station) => (await one.problems.counts(one.database)).problems;
    await central.database.transaction((tx) => central.log.record(tx, novelty, name.key, { text: 'central' }));
    await until(async () => (await problems(primary)) === 1);
    // The primary site has that release now, and finds what it had all along.
    await primary.database.transaction((tx) => primary.log.recordOlder(tx, novelty, name.key, { text: 'primary' }));
    expect(await problems(primary)).toBe(0);
    await until(level);
    for (const one of [central, primary]) {
      expect((await one.replicas.find(one.database, name))?.replica.content).toEqual({ text: 'primary' });
      const lost = (await one.conflicts()).filter((key) => key.startsWith('Novelty/of-both/CAS-'));
      expect(lost).toHaveLength(1);
    }
    await central.database.query('delete from replica_problem');
  });

  it('have the words of both where their kind can unite them, once that is put to use', async () => {
    const used: unknown[] = [];
    const novelty = {
      kind: 'Novelty',
      schemaVersion: 1,
      understand: (content: unknown) => content,
      unite: (own: unknown, other: unknown) => [own, other].flat(),
      use: async (_tx: unknown, _key: string, content: unknown) => void used.push(content),
    };
    const name = { kind: 'Novelty', key: 'united' };
    await central.database.transaction((tx) => central.log.record(tx, novelty, name.key, ['central']));
    await until(async () => (await primary.problems.counts(primary.database)).problems === 1);
    const waiting = await primary.database.transaction(async (tx) => {
      await primary.log.recordOlder(tx, novelty, name.key, ['primary']);
      return primary.problems.list(tx, 10);
    });
    expect(waiting.map(({ code }) => code)).toEqual(['hierarchy.united']);
    const never = () => undefined;
    await new Intake(primary.database, primary.log, [note, novelty], { parked: never, waiting: never }).retry();
    expect(used).toEqual([['primary', 'central']]);
    await until(level);
    expect((await central.replicas.find(central.database, name))?.replica.content).toEqual(['primary', 'central']);
    for (const one of [central, primary]) await one.database.query('delete from replica_problem');
  });

  it('keep what a newer release says, also when this one changes the object', async () => {
    const newer = { ...note, schemaVersion: 2, understand: (content: unknown) => content };
    await central.database.transaction((tx) => central.log.record(tx, newer, 'newer', { text: 'one', colour: 'red' }));
    await until(async () => (await primary.text('newer')) === 'one');
    await primary.write('newer', 'two');
    await until(async () => (await central.text('newer')) === 'two');
    const there = await central.replicas.find(central.database, { kind: 'Note', key: 'newer' });
    expect([there?.replica.content, there?.schemaVersion]).toEqual([{ text: 'two', colour: 'red' }, 2]);
  });

  it('are given by the next comparison of the schedule what their link missed, on both sides', async () => {
    await until(level);
    // As if a write had committed behind its reader: it stands in the feed before the place up to which that was read.
    const behind = `update replica set transaction = '3'::xid8 where key = $1`;
    for (const [station, key] of [
      [central, 'missed-below'],
      [primary, 'missed-above'],
    ] as const) {
      await station.database.transaction(async (tx) => {
        await station.writeIn(tx, key, 'written, and told to nobody');
        await tx.query(behind, [key]);
      });
    }
    await central.write('after-missed', 'told');
    await primary.write('after-missed-too', 'told');
    await until(
      async () =>
        (await primary.text('after-missed')) === 'told' && (await central.text('after-missed-too')) === 'told',
    );
    expect([await primary.text('missed-below'), await central.text('missed-above')]).toEqual([undefined, undefined]);
    await primary.database.query(`update replica_link set verified_at = now() - interval '2 hours'`);
    const said = 'written, and told to nobody';
    await until(
      async () => (await primary.text('missed-below')) === said && (await central.text('missed-above')) === said,
    );
    await until(level);
    const [link] = await primary.links.list(primary.database);
    expect(link!.differences).toBe(2);
  });

  it('find by digests what was damaged on either side, and mend it', async () => {
    await until(level);
    await central.database.query(`delete from replica where key = 'after'`);
    await primary.database.query(`delete from replica where key = 'up'`);
    await primary.database.query(`update replica set content = '{"text":"damaged"}' where key = 'central-1'`);
    const [looked] = await primary.replication.verify(false);
    expect(looked!.differences.map(({ key }) => key).sort()).toEqual(['after', 'central-1', 'up']);
    await primary.replication.verify(true);
    await until(
      async () => (await central.replicas.find(central.database, { kind: 'Note', key: 'after' })) !== undefined,
    );
    const [again] = await central.replication.verify(false);
    expect(again!.differences.map(({ key }) => key)).toEqual(['central-1']);
  });

  it('read everything anew while writes go on', async () => {
    await primary.replication.readAnew('CAS');
    for (let n = 0; n < 20; n++) await central.write(`meanwhile-${n}`, 'written');
    await until(async () => (await primary.text('meanwhile-19')) === 'written');
  });

  it('hear a site by the key that it had before for an hour, and then by its new one only', async () => {
    const place = { code: 'PR1', kind: 'primary', parent: 'CAS', revoked: false } as const;
    const keys = withKey(
      { publicKey: primary.key.knownAs(null).publicKey },
      primary.key.publicKey,
      new Date(Date.now() + OLD_KEY_MILLISECONDS),
    );
    const failedAttempts = async () => (await primary.links.list(primary.database))[0]!.failedAttempts;
    await central.know({ ...place, ...keys });
    await central.write('key', 'asked for with the key before');
    await until(async () => (await primary.text('key')) === 'asked for with the key before');

    central.clockAhead = OLD_KEY_MILLISECONDS;
    await until(async () => (await failedAttempts()) > 0);
    await central.write('key', 'too late for that');
    expect(central.errors.some((error) => String(error).includes('is not signed by the site'))).toBe(true);
    expect(await primary.text('key')).toBe('asked for with the key before');
    // Whoever asks says which key it knows, and is answered with that.
    await primary.write('answer', 'with the new key');
    await until(async () => (await central.text('answer')) === 'with the new key');

    const { publicKey } = central.key;
    const knowsKey = primary.key.publicKey.x;
    await primary.know({ code: 'CAS', kind: 'central', publicKey, revoked: false, knowsKey });
    await until(async () => (await primary.text('key')) === 'too late for that');
    await until(async () => (await failedAttempts()) === 0);
    central.clockAhead = 0;
  });

  it('refuse to talk to a site that was revoked', async () => {
    await central.know({ code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: null, revoked: true });
    await until(async () => (await primary.links.list(primary.database))[0]!.failedAttempts > 0);
    const [link] = await primary.links.list(primary.database);
    expect(link!.lastError).toContain('Site CAS refuses');
    await primary.write('secret', 'of a revoked site');
    await central.know({
      code: 'PR1',
      kind: 'primary',
      parent: 'CAS',
      publicKey: newLinkKey().publicKey,
      revoked: false,
    });
    await until(() => central.errors.some((error) => String(error).includes('is not signed by the site')));
    expect(await central.text('secret')).toBeUndefined();
  });
});
