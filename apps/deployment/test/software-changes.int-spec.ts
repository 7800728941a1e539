import type { Database, Queryable } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import type { SoftwareEntry } from '@muster/sequence/conditions/software-schema.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import * as fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { CollectionGraphRepository } from '../src/membership/collection-graph.repository.js';
import { Membership } from '../src/membership/membership.js';
import { MembershipRepository } from '../src/membership/membership.repository.js';
import { compileQuery } from '../src/membership/query-sql.js';
import { factsOfChange, type SoftwareChange } from '../src/membership/software-reads.js';
import { SoftwareRepository } from '../src/software/software.repository.js';
import { openQueryDatabase } from './query-database.js';
import { software, softwareQuery } from './random-queries.js';

const AT = '2026-01-01T00:00:00.000Z';

describe('a change of the software of one device', () => {
  const [repository, graph, records] = [
    new MembershipRepository(),
    new CollectionGraphRepository(),
    new SoftwareRepository(),
  ];
  const membership = new Membership(repository, graph, new Outbox('S01'));
  let servers: TestServers;
  let database: Database;

  beforeAll(async () => {
    servers = await startServers();
    database = await openQueryDatabase(servers);
  });

  afterAll(async () => {
    await database?.close();
    await servers?.stop();
  });

  const addDevice = async (): Promise<{ uid: string; name: string }> => {
    const uid = uuidv7();
    await database.query(
      `insert into device (uid, name, resource_version, generation, spec, status) values ($1, $2, 1, 1, '{}', '{"facts":{}}')`,
      [uid, `device-${uid}`],
    );
    return { uid, name: `device-${uid}` };
  };
  const tell = async (uid: string, told: readonly SoftwareEntry[], leftOut = 0): Promise<SoftwareChange | undefined> =>
    database.transaction((tx) => records.replace(tx, uid, { software: told, leftOut }, AT));
  const told = async (uid: string): Promise<SoftwareEntry[] | undefined> =>
    (await records.read(database, uid))?.software.toSorted(byText);
  const byText = (one: SoftwareEntry, other: SoftwareEntry): number =>
    JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;

  /** Of these queries those that the change looks at all entries of the device for. */
  const concerned = async (change: SoftwareChange, queries: readonly string[]): Promise<Set<string>> => {
    const facts = new Set(factsOfChange(change));
    const reading = queries.filter((query) => compileQuery(query, () => '').reads.some((fact) => facts.has(fact)));
    return change.whole ? new Set(reading) : repository.concernedBy(database, change, reading);
  };

  it('never changes the answer of a query that it does not look at', async () => {
    const { uid } = await addDevice();
    const seen = { leftAlone: 0, otherwise: 0 };
    const state = fc.record({ software, leftOut: fc.constantFrom(0, 0, 0, 2) });
    const queries = fc.array(softwareQuery, { minLength: 20, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(state, state, fc.boolean(), queries, async (one, other, isUpdate, asked) => {
        await tell(uid, one.software, one.leftOut);
        const before = await answers(database, uid, asked);
        // Updates keep most of what was there.
        const next = isUpdate ? [...one.software.slice(1), ...other.software.slice(0, 1)] : other.software;
        const change = await tell(uid, next, other.leftOut);
        const looked = change ? await concerned(change, asked) : new Set<string>();
        const after = await answers(database, uid, asked);
        const otherwise = asked.filter((_, index) => before[index] !== after[index]);
        expect(otherwise.filter((query) => !looked.has(query))).toEqual([]);
        seen.otherwise += otherwise.length;
        seen.leftAlone += change ? asked.length - looked.size : 0;
      }),
      { numRuns: 150 },
    );
    // Both happened, or the test would say nothing.
    expect(seen.otherwise).toBeGreaterThan(50);
    expect(seen.leftAlone).toBeGreaterThan(50);
  });

  it('names what came and what went, and writes what was told', async () => {
    const { uid } = await addDevice();
    const entry = (name: string, version: string): SoftwareEntry => ({ name, version, architecture: 'amd64' });
    const names = (change: SoftwareChange | undefined) => change?.entries.map(({ name }) => name).toSorted();
    const first = [entry('a', '1'), entry('b', '1'), { name: 'c', version: '1' }];
    expect(await tell(uid, first)).toMatchObject({ whole: true, counted: true });
    expect(await tell(uid, first.toReversed())).toBeUndefined();
    const updated = await tell(uid, [entry('a', '1'), entry('b', '2'), { name: 'c', version: '1' }]);
    expect(updated).toMatchObject({ whole: false, counted: false });
    expect(names(updated)).toEqual(['b', 'b']);
    const fewer = await tell(uid, [entry('a', '1')]);
    expect(fewer).toMatchObject({ whole: false, counted: true });
    expect(names(fewer)).toEqual(['b', 'c']);
    expect(await tell(uid, [entry('a', '1')], 2)).toMatchObject({ whole: true, counted: false, entries: [] });
    expect(await tell(uid, [entry('a', '1')], 3)).toMatchObject({ whole: false, entries: [] });
    expect(await tell(uid, [])).toMatchObject({ whole: true, counted: true });
    await tell(uid, first);
    expect(await told(uid)).toEqual(first.toSorted(byText));
  });

  it('takes as many statements with one collection as with many, and reads only those that name what changed', async () => {
    const device = await addDevice();
    const entry = (name: string, version: string): SoftwareEntry => ({ name, version });
    const packages = Array.from({ length: 50 }, (_, index) => entry(`package-${index}`, '1'));
    await tell(device.uid, packages);
    const add = async (name: string, query: string): Promise<void> =>
      database.transaction(async (tx) => {
        const uid = uuidv7();
        const spec = { rules: [{ query }] };
        await tx.query(
          `insert into collection (uid, name, resource_version, generation, spec, status) values ($1, $2, 1, 1, $3, '{}')`,
          [uid, name, JSON.stringify(spec)],
        );
        await membership.evaluate(tx, { uid, name }, spec);
      });
    const update = async (index: number, version: string) => {
      const now = packages.map((one, nth) => (nth === index ? { ...one, version } : one));
      const statements: string[] = [];
      const documents: string[] = [];
      await database.transaction(async (tx) => {
        const counting: typeof tx = Object.create(tx, {
          query: {
            value: async (sql: string, values?: Parameters<Queryable['query']>[1]) => {
              const rows = await tx.query<{ name: string; spec?: unknown }>(sql, values);
              statements.push(sql);
              documents.push(...rows.filter(({ spec }) => spec !== undefined).map(({ name }) => name));
              return rows;
            },
          },
        });
        const change = await records.replace(counting, device.uid, { software: now, leftOut: 0 }, AT);
        await membership.softwareChanged(counting, device, change!);
      });
      return { statements: statements.length, documents: documents.toSorted() };
    };
    await add('part', 'software.exists(s, s.name.contains("none"))');
    const alone = await update(7, '2');
    expect(alone.documents).toEqual(['part']);
    for (let n = 0; n < 40; n += 1)
      await add(`names-${n}`, `software.exists(s, s.name == "package-${n}" && s.version == "9")`);
    for (let n = 0; n < 20; n += 1) await add(`part-${n}`, `software.exists(s, s.name.contains("none-${n}"))`);
    const among = await update(7, '3');
    expect(among.statements).toBe(alone.statements);
    expect(among.documents.filter((name) => name.startsWith('names'))).toEqual(['names-7']);
    // What changed between this and the update before is one package as well: its collection gets the device, and no other does.
    await update(7, '9');
    const members = await database.query<{ name: string }>(
      `select name from collection join collection_member as member on member.collection_uid = collection.uid where device_uid = $1`,
      [device.uid],
    );
    expect(members).toEqual([{ name: 'names-7' }]);
  });
});

async function answers(database: Database, uid: string, queries: readonly string[]): Promise<(boolean | null)[]> {
  const { yes, unknown } = await new MembershipRepository().answers(database, uid, queries);
  return queries.map((query) => yes.has(query) || (unknown.has(query) ? null : false));
}
