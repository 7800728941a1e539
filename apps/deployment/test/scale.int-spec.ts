import { FATES_AT_ONCE, fatesTold } from '@muster/contracts/events/fates-told.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import type { DeploymentProgress } from '@muster/contracts/kinds/deployment-progress.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { openWorld, type Collection, type Deployment, type World } from './world.js';

const FLEET = 150_000;
/** What a measurement says is for people to read: nothing here fails for being slow. */
const report = (line: string) => process.stderr.write(`${line}\n`);

async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const begin = performance.now();
  const result = await work();
  report(`${what}: ${Math.round(performance.now() - begin)} ms`);
  return result;
}

describe(`a fleet of ${FLEET} devices`, () => {
  let servers: TestServers;
  let world: World;
  let { api, sql } = {} as World;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api, sql } = world);
    world.revise('harden', 'a');
    await sql.query(
      `insert into device (uid, name, resource_version, generation, spec, status)
       select gen_random_uuid(), 'device-' || n, n, 1, '{}',
         jsonb_build_object('enrolled', true, 'facts', jsonb_build_object(
           'os', jsonb_build_object('id', case when n % 3 = 0 then 'debian' else 'fedora' end), 'memoryMegabytes', n % 8192))
       from generate_series(1, $1::int) as n`,
      [FLEET],
    );
    await sql.query('analyze device');
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  it('is evaluated into a collection, and told in portions', async () => {
    const made = await timed(`evaluating a collection of ${FLEET}`, () =>
      api.apply<Collection>('Collection', 'collections', 'everyone', { rules: [{ allDevices: true }] }),
    );
    expect(made.status.members).toBe(FLEET);
    const { rows } = await sql.query<{ devices: string; facts: string; most: number }>(
      `select sum(jsonb_array_length(payload -> 'added')) as devices, count(*) as facts,
         max(jsonb_array_length(payload -> 'added')) as most from outbox where subject = $1`,
      [membersChanged.subject({ site: 'S01' })],
    );
    expect(rows.map(({ devices, facts, most }) => [Number(devices), Number(facts), most])).toEqual([
      [FLEET, 15, 10_000],
    ]);
    await timed('a change of one rule in it', () =>
      api.apply('Collection', 'collections', 'everyone', { rules: [{ allDevices: true }, { device: 'device-7' }] }),
    );
    await timed('listing collections with their sizes', () => api.list('collections'));
  });

  it('is evaluated through collections made of collections, and again only where something changed', async () => {
    const rules = [{ include: 'everyone' }, { exclude: 'every-seventh' }];
    const names = Array.from({ length: 1000 }, (_, n) => ({ device: `device-${(n + 1) * 7}` }));
    await api.apply('Collection', 'collections', 'every-seventh', { rules: names });
    const made = await timed(`evaluating a limited collection that includes ${FLEET} and excludes 1000`, () =>
      api.apply<Collection>('Collection', 'collections', 'made-of', { limitingCollection: 'everyone', rules }),
    );
    expect(made.status.members).toBe(FLEET - 1000);
    for (let n = 0; n < 4; n++)
      await api.apply('Collection', 'collections', `above-${n}`, { rules: [{ include: 'made-of' }] });
    await timed('one device leaves a collection that five others depend on', () =>
      api.apply('Collection', 'collections', 'every-seventh', { rules: [...names, { device: 'device-1' }] }),
    );
    expect((await api.get<Collection>('collections/above-3')).status.members).toBe(FLEET - 1001);
    await timed('a device appears in all of them', () => api.apply('Device', 'devices', 'newcomer', {}));
    expect((await api.get<Collection>('collections/above-3')).status.members).toBe(FLEET - 1000);
    const query = 'os.id == "debian" && memoryMegabytes >= 4096';
    const asked = await timed('asking all devices for their facts', () =>
      api.apply<Collection>('Collection', 'collections', 'big-debian', { rules: [{ query }] }),
    );
    expect(asked.status.members).toBeGreaterThan(FLEET / 8);
    await timed('saying who would be in', () =>
      api.call('POST', 'collections/-/preview', { name: 'made-of', spec: { rules } }),
    );
    await api.call('DELETE', 'devices/newcomer');
  });

  it('is deployed to with as many rows as a thousand devices', async () => {
    const rules = Array.from({ length: 1000 }, (_, n) => ({ device: `device-${n + 1}` }));
    await api.apply('Collection', 'collections', 'thousand', { rules });
    await deployed('warm-up', 'thousand');
    const few = await deployed('few', 'thousand');
    const many = await deployed('many', 'everyone');
    expect(few.targeted).toBe(1000);
    expect(many.targeted).toBe(FLEET);
    expect(many.rows).toEqual(few.rows);
  });

  it('is heard of what becomes of a deployment at each device', async () => {
    const { metadata } = await api.get<Deployment>('deployments/many');
    const { rows } = await sql.query<{ uid: string }>('select uid from device');
    const at = '2026-11-27T00:00:00Z';
    const fates = rows.map(({ uid }, index) => ({
      deviceUid: uid,
      deploymentUid: metadata.uid,
      number: index + 1,
      acceptance: { state: index % 3 === 0 ? ('rejected' as const) : ('accepted' as const), at },
      delivery: { state: 'waiting' as const, reason: index % 3 === 1 ? 'window' : 'content', at, says: 'waits for it' },
    }));
    const facts = Array.from({ length: Math.ceil(FLEET / FATES_AT_ONCE) }, (_, part) => ({
      fates: fates.slice(part * FATES_AT_ONCE, (part + 1) * FATES_AT_ONCE),
    }));
    await timed(`hearing from ${FLEET} devices, in ${facts.length} facts`, async () => {
      await world.policy.publishMany(fatesTold, facts);
      await until(() => world.applied(), 300_000);
    });
    await sql.query('analyze device_fate');
    const listed = await timed('counting those that will not run it', () => api.get<Deployment>('deployments/many'));
    expect(listed.status.devices).toMatchObject({ targeted: FLEET, rejected: FLEET / 3, waiting: (FLEET / 3) * 2 });
    const { body } = await timed('saying what they wait for', () =>
      api.call<DeploymentProgress>('GET', 'deployments/many/progress'),
    );
    expect(body.fates.map(({ devices }) => devices)).toEqual([FLEET / 3, FLEET / 3, FLEET / 3]);
    await timed('a page of its devices', () => api.call('GET', 'deployments/many/devices?limit=500'));
  }, 400_000);

  it('is counted by deployment when all of it has run', async () => {
    await sql.query(
      `insert into run (uid, name, labels, resource_version, device, device_uid, deployment, deployment_uid, sequence,
         sequence_digest, last_number, end_number, end_result)
       select gen_random_uuid(), 'run-' || device.name, '{}', 1, device.name, device.uid, 'many', deployment.uid, 'harden',
         'x', 9, 9, 'succeeded' from device, deployment where deployment.name = 'many'`,
    );
    await sql.query('analyze run');
    const counted = await timed('counting the devices of a deployment', () => api.get<Deployment>('deployments/many'));
    expect(counted.status.devices).toMatchObject({ targeted: FLEET, succeeded: FLEET, waiting: 0 });
    expect(counted.status.devices).not.toHaveProperty('rejected');
    await timed('deleting it, of which all had told', () => api.call('DELETE', 'deployments/many'));
  });

  /** Makes a deployment; answers the rows that its transaction wrote, by table. */
  async function deployed(
    name: string,
    collection: string,
  ): Promise<{ targeted: number; rows: Record<string, number> }> {
    const facts = async () => Number((await sql.query<{ n: string }>('select count(*) as n from outbox')).rows[0]?.n);
    const before = await facts();
    const made = await timed(`deploying to "${collection}"`, () =>
      api.apply<Deployment>('Deployment', 'deployments', name, { sequence: 'harden', collection, purpose: 'Required' }),
    );
    // The relay touches outbox rows again at once, so those are counted; all others carry the transaction's number.
    const rows: Record<string, number> = { outbox: (await facts()) - before };
    const tables = await sql.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'deployment' and tablename <> 'outbox'`,
    );
    for (const table of tables.rows) {
      const { rowCount } = await sql.query(
        `select 1 from ${table.name} where xmin = (select xmin from deployment where name = $1)`,
        [name],
      );
      if (rowCount) rows[table.name] = rowCount;
    }
    expect(rows['deployment']).toBe(1);
    return { targeted: made.status.devices.targeted, rows };
  }
});
