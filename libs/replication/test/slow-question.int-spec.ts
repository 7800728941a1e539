import type { PullQuestion } from '@muster/contracts/links/link-messages.js';
import { START, type Position } from '@muster/hierarchy/link.js';
import type { Database } from '@muster/persistence/database.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { Hierarchy, type KnownSite } from '../src/hierarchy.repository.js';
import { LinkAnswers } from '../src/link-answers.js';
import type { LinkHandler, LinkPort } from '../src/link-port.js';
import { newLinkKey, Station } from './station.js';

interface Answer {
  readonly life: string;
  readonly upto: Position;
  readonly beginAnew: boolean;
  readonly backlog: number;
  readonly entries: unknown[];
}

describe('a question of a reader that is answered late', () => {
  let servers: TestServers;
  let central: Station;
  const child: KnownSite = { code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: null, revoked: false };
  const here: KnownSite = { code: 'CAS', kind: 'central', publicKey: null, revoked: false };
  const hierarchy = new Hierarchy('CAS', new Map([child, here].map((site) => [site.code, site])));
  let restored = 0;

  beforeAll(async () => {
    servers = await startServers({ siteCode: 'CAS', store: false });
    central = await Station.open(servers, newLinkKey());
  });

  afterAll(async () => {
    await central?.close();
    await servers?.stop();
  });

  /** How the site answers over this database. */
  const answering = (database: Database) => {
    let pull: LinkHandler<PullQuestion> | undefined;
    const port = {
      answer: (name: string, _schema: unknown, handler: LinkHandler<PullQuestion>) => {
        if (name === 'pull') pull = handler;
      },
    };
    new LinkAnswers(
      database,
      () => hierarchy,
      Date.now,
      () => (restored += 1),
    ).register(port as unknown as LinkPort);
    return async (life: string | null, after: Position) =>
      JSON.parse(await pull!({ from: 'PR1', to: 'CAS', nonce: 'n', life, after, limit: 1 }, child)) as Answer;
  };

  it('takes nothing back of what the reader was given meanwhile: it is not taken for one that knows more than this site', async () => {
    for (const key of ['one', 'two', 'three']) await central.write(key, 'written');
    const ask = answering(central.database);
    const first = await ask(null, START);
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    let reached: () => void = () => undefined;
    const reading = new Promise<void>((resolve) => (reached = resolve));
    // The same database, which is slow for one statement.
    const slow = Object.create(central.database) as Database;
    slow.query = async (sql, values) => {
      if (sql.includes('order by replica.transaction')) {
        reached();
        await held;
      }
      return central.database.query(sql, values);
    };
    const late = answering(slow)(first.life, first.upto);
    await reading;
    const second = await ask(first.life, first.upto);
    const third = await ask(second.life, second.upto);
    expect([first, second, third].map(({ entries }) => entries.length)).toEqual([1, 1, 1]);
    goOn();
    // Whoever still wants it asks again.
    expect(await late).toMatchObject({ entries: [], upto: first.upto, backlog: 1, beginAnew: false });
    expect(await ask(third.life, third.upto)).toMatchObject({ beginAnew: false, entries: [] });
    expect(restored).toBe(0);
  });
});
