import { join } from 'node:path';
import type { OutboxEntry } from '@muster/contracts/subjects.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { v7 as uuidv7 } from 'uuid';
import { Database } from './database.js';
import { applyFacts, inboxPosition, type FactHandler } from './inbox.js';
import { migrate } from './migrate.js';

describe('applying facts', () => {
  let servers: TestServers;
  let database: Database;
  let producer: string;
  let applied: number[];
  const fact = (position: number): OutboxEntry => ({
    position,
    id: uuidv7(),
    subject: 'muster.evt.catalog.v1.test.S01',
    payload: { position },
    traceparent: null,
    occurredAt: '2026-01-01T00:00:00.000Z',
  });
  const keep: FactHandler = async (tx, entries) => {
    for (const { position } of entries) {
      await tx.query('insert into kept (producer, position) values ($1, $2)', [producer, position]);
      applied.push(position);
    }
  };
  const apply = (positions: number[], handler = keep, together = false) =>
    applyFacts(database, producer, positions.map(fact), {
      handlerOf: () => handler,
      together: () => together,
      parked: () => undefined,
    });
  const kept = async () =>
    (
      await database.query<{ position: number }>('select position from kept where producer = $1 order by 1', [producer])
    ).map(({ position }) => position);

  beforeAll(async () => {
    servers = await startServers();
    const url = servers.environment('catalog')['MUSTER_DATABASE_URL'] ?? '';
    const folder = join(import.meta.dirname, '..', '..', '..', 'apps', 'catalog', 'migrations');
    await Promise.all([1, 2, 3].map(() => migrate({ url, schema: 'catalog', folder, log: () => undefined })));
    database = new Database({ url, schema: 'catalog' });
    await database.query('create table kept (producer text, position int, primary key (producer, position))');
  });

  beforeEach(() => {
    producer = uuidv7();
    applied = [];
  });

  afterAll(async () => {
    await database?.close();
    await servers?.stop();
  });

  it('drops what was applied before, whole batches and parts of them', async () => {
    expect(await apply([1, 2, 3])).toBe(3);
    expect(await apply([1, 2, 3])).toBe(3);
    expect(await apply([2, 3, 4, 4, 5])).toBe(5);
    expect(applied).toEqual([1, 2, 3, 4, 5]);
  });

  it('stops before a gap and says how far it came', async () => {
    expect(await apply([1, 2, 4, 5])).toBe(2);
    expect(await kept()).toEqual([1, 2]);
    expect(await apply([3, 4, 5])).toBe(5);
  });

  it('applies each once when several replicas get the same facts at the same time', async () => {
    await Promise.all([apply([1, 2, 3]), apply([1, 2, 3]), apply([1, 2, 3, 4])]);
    expect(await kept()).toEqual([1, 2, 3, 4]);
    expect(applied).toEqual([1, 2, 3, 4]);
  });

  it('keeps nothing of a batch in which the database failed for the moment', async () => {
    const deadlock: FactHandler = async (tx, entries) => {
      await keep(tx, entries);
      if (entries[0]?.position === 2) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
    };
    await expect(apply([1, 2, 3], deadlock)).rejects.toThrow('deadlock');
    expect([await kept(), await inboxPosition(database, producer)]).toEqual([[], 0]);
    expect(await apply([1, 2, 3])).toBe(3);
  });

  it('passes by a fact that can never be applied, without what its handler had written', async () => {
    const poison: FactHandler = async (tx, entries) => {
      await keep(tx, entries);
      if (entries.some(({ position }) => position === 2)) throw new Error('poison');
    };
    expect(await apply([1, 2, 3], poison)).toBe(3);
    expect(await kept()).toEqual([1, 3]);
    const parked = await database.query<{ position: number; error: string }>(
      'select position, error from inbox_parked where producer = $1',
      [producer],
    );
    expect(parked).toEqual([{ position: 2, error: 'Error: poison' }]);

    producer = uuidv7();
    expect(await apply([1, 2, 3], poison, true)).toBe(3);
    expect(await kept()).toEqual([1, 3]);
  });

  it('hands facts of one subject that follow each other to a handler that takes them together', async () => {
    const groups: number[][] = [];
    const handler: FactHandler = async (tx, entries) => {
      groups.push(entries.map(({ position }) => position));
      await keep(tx, entries);
    };
    expect(await apply([1, 1, 2, 3, 5], handler, true)).toBe(3);
    expect(groups).toEqual([[1, 2, 3]]);
    expect(await kept()).toEqual([1, 2, 3]);
  });
});
