import { join } from 'node:path';
import { defineEvent } from '@muster/contracts/subjects.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { migrate } from '@muster/persistence/migrate.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { z } from 'zod';
import { Bus } from './bus.js';
import { FactConsumer, on } from './consumer.js';
import { OutboxRelay } from './relay.js';

const counted = defineEvent('catalog', 'counted', z.object({ n: z.number() }));

/** One service's end of the messaging, as the service kit wires it. */
class Station {
  readonly outbox: Outbox;
  readonly relay: OutboxRelay;
  readonly errors: unknown[] = [];

  private constructor(
    readonly database: Database,
    readonly bus: Bus,
    readonly service: 'catalog' | 'policy',
  ) {
    this.outbox = new Outbox('S01');
    this.relay = new OutboxRelay(database, bus, service, this.outbox, (error) => this.errors.push(error));
  }

  static async open(servers: TestServers, service: 'catalog' | 'policy'): Promise<Station> {
    const environment = servers.environment(service);
    const url = environment['MUSTER_DATABASE_URL'] ?? '';
    const folder = join(import.meta.dirname, '..', '..', '..', 'apps', 'catalog', 'migrations');
    await migrate({ url, schema: service, folder, log: () => undefined });
    const bus = await Bus.connect({
      url: environment['MUSTER_NATS_URL'] ?? '',
      user: environment['MUSTER_NATS_USER'],
      password: environment['MUSTER_NATS_PASSWORD'],
      site: 'S01',
      service,
    });
    return new Station(new Database({ url, schema: service }), bus, service);
  }

  async count(n: number): Promise<void> {
    await this.database.transaction((tx) => this.outbox.add(tx, counted, { n }));
  }

  async close(): Promise<void> {
    await this.relay.stop();
    await this.bus.close();
    await this.database.close();
  }
}

describe('facts from one service to another', () => {
  let servers: TestServers;
  let producer: Station;
  let consumer: Station;
  let inbox: FactConsumer;
  let parked: number[];
  let handle: (tx: Transaction, n: number) => Promise<void>;

  const seen = async () =>
    (await consumer.database.query<{ n: number }>('select n from seen order by at')).map(({ n }) => n);
  const listen = (error: (error: unknown) => void = () => undefined) => {
    const fresh = new FactConsumer(
      consumer.database,
      consumer.bus,
      'policy',
      'catalog',
      [on(counted, (tx, { n }) => handle(tx, n))],
      {
        error,
        parked: (entry) => parked.push((entry.payload as { n: number }).n),
      },
    );
    fresh.start();
    return fresh;
  };

  beforeAll(async () => {
    servers = await startServers();
    producer = await Station.open(servers, 'catalog');
    consumer = await Station.open(servers, 'policy');
    await consumer.database.query('create table seen (at bigint generated always as identity, n int primary key)');
    producer.relay.start();
  });

  beforeEach(async () => {
    parked = [];
    handle = async (tx, n) => {
      await tx.query('insert into seen (n) values ($1)', [n]);
    };
    inbox = listen();
  });

  afterEach(async () => {
    await inbox.stop();
    await consumer.database.query('truncate seen');
  });

  afterAll(async () => {
    await producer?.close();
    await consumer?.close();
    await servers?.stop();
  });

  it('arrive once each and in order, also when many transactions commit at once', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, n) => producer.count(n)));
    await until(async () => (await seen()).length === 200);
    const positions = await producer.database.query<{ n: number }>(
      `select (payload->>'n')::int as n from outbox order by position`,
    );
    expect(await seen()).toEqual(positions.slice(-200).map(({ n }) => n));
  });

  it('of a transaction that rolled back never arrive', async () => {
    await expect(
      producer.database.transaction(async (tx) => {
        await producer.outbox.add(tx, counted, { n: 1 });
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await producer.count(2);
    await until(async () => (await seen()).length === 1);
    expect(await seen()).toEqual([2]);
  });

  it('that cannot be applied are parked with their error, and the next ones go on', async () => {
    const insert = handle;
    handle = async (tx, n) => {
      if (n === 11) throw new Error('poison');
      await insert(tx, n);
    };
    for (const n of [10, 11, 12]) await producer.count(n);
    await until(async () => (await seen()).length === 2 && parked.length > 0);
    expect(await seen()).toEqual([10, 12]);
    expect(parked).toEqual([11]);
    const [row] = await consumer.database.query<{ error: string }>(
      `select error from inbox_parked where payload->>'n' = '11'`,
    );
    expect(row?.error).toContain('poison');
  });

  it('survive the loss of the whole JetStream folder while the consumer is away, and afterwards new ones flow again', async () => {
    await inbox.stop();
    for (let n = 100; n < 150; n += 1) await producer.count(n);
    await servers.wipeBus();
    for (let n = 150; n < 200; n += 1) await producer.count(n);
    inbox = listen();
    await until(async () => (await seen()).length === 100);
    expect(await seen()).toEqual(Array.from({ length: 100 }, (_, index) => 100 + index));
    await producer.count(200);
    await until(async () => (await seen()).length === 101);
  });

  it('survive a broker that is killed and comes back with nothing, while the consumer listens', async () => {
    await producer.count(300);
    await until(async () => (await seen()).length === 1);
    await servers.wipeBus();
    for (let n = 301; n < 350; n += 1) await producer.count(n);
    await until(async () => (await seen()).length === 50);
    expect(await seen()).toEqual(Array.from({ length: 50 }, (_, index) => 300 + index));
  });

  // The last one: it leaves a gap behind that nothing can close.
  it('that were pruned before they were applied are missed loudly, not silently', async () => {
    await inbox.stop();
    await producer.count(900);
    await producer.count(901);
    await until(
      async () => (await producer.database.query(`select 1 from outbox where position is null`)).length === 0,
    );
    await producer.database.query(`delete from outbox where payload->>'n' = '900'`);
    await servers.wipeBus();
    const errors: unknown[] = [];
    inbox = listen((error) => errors.push(error));
    await until(() => errors.some((error) => (error as { code?: unknown }).code === 'bus.facts-missing'));
    expect(await seen()).toEqual([]);
  });

  /** kill -9, delete everything that the broker wrote, and let the supervisor bring it back. */
});
