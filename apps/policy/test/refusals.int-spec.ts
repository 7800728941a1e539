import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { device as deviceKind } from '@muster/contracts/kinds/device.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { Refusals } from '@muster/service/refusals/refusals.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { pino } from 'pino';
import { deviceOf } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call } from './test-device.js';

interface Row {
  actor: string;
  name: string;
  reason: string | null;
  details: { count: number; address: string; secret?: string };
}

describe('who was refused', () => {
  let servers: TestServers;
  let policy: PolicyUnderTest;
  let database: Database;
  let stopped = false;

  beforeAll(async () => {
    servers = await startServers();
    policy = await PolicyUnderTest.start(servers);
    database = new Database({ url: servers.environment('policy')['MUSTER_DATABASE_URL'] ?? '', schema: 'policy' });
  });

  afterAll(async () => {
    await database?.close();
    if (!stopped) await policy?.stop();
    await servers?.stop();
  });

  const written = () =>
    database.query<Row>(
      `select actor, name, reason, details from audit_entry where action = 'refused' and kind = 'Request' order by id`,
    );

  it('is in the audit record by caller and route, with a count and without what was shown', async () => {
    const ask = (token: string | undefined, from?: string, path = '/api/v1/api-tokens') =>
      call(policy.base, path, {
        ...(token === undefined ? {} : { token }),
        ...(from === undefined ? {} : { headers: { 'X-Forwarded-For': from } }),
      });
    // A flood with secrets that nobody ever had.
    for (let time = 0; time < 30; time += 1)
      expect((await ask(`muster_guess-${time}`, '203.0.113.9')).status).toBe(401);
    // A token that was good until it was revoked.
    const { body: made } = await call(policy.base, '/api/v1/api-tokens', { token: policy.token, json: { name: 'ci' } });
    await call(policy.base, `/api/v1/api-tokens/${made['uid']}`, { token: policy.token, method: 'DELETE' });
    await until(async () => (await ask(made['token'])).status === 401, 15_000);
    // Over gRPC.
    const client = grpcClient('policy', 'TokenService', policy.grpcAddress, 'muster_other-guess');
    await expect(client.call('ListApiTokens', {})).rejects.toThrow();
    client.close();
    // Computers: one that is blocked, and one that says it is another.
    const [blocked, thief, fine] = [await policy.device(), await policy.device(), await policy.device()];
    const resource = deviceOf(blocked.uid);
    const access = { state: 'blocked', since: new Date().toISOString(), by: 'anna' } as const;
    await policy.deployment.publish(resourceEvents(deviceKind).saved, {
      resource: { ...resource, status: { ...resource.status, access } },
      actor: 'anna',
    });
    await until(async () => (await blocked.get('/policy')).status === 403);
    thief.uid = fine.uid;
    expect((await thief.session()).body['code']).toBe('session.wrong-proof');
    // Nothing was shown: that is how everybody begins.
    expect((await ask(undefined)).status).toBe(401);
    expect((await call(policy.base, '/api/v1/agent/policy')).status).toBe(401);
    // Not allowed to whom it is known.
    expect((await fine.post('/content-locations', { manifest: `sha256:${'a'.repeat(64)}` })).status).toBe(403);

    stopped = true;
    await policy.stop();
    const rows = await written();
    const of = (actor: string) => rows.filter((row) => row.actor === actor).map(({ actor: _, ...row }) => row);
    expect(of('address:203.0.113.9')).toEqual([
      {
        name: 'GET /api/v1/api-tokens',
        reason: 'auth.unknown-token',
        details: { count: 30, address: '203.0.113.9' },
      },
    ]);
    expect(of('ci')).toEqual([
      {
        name: 'GET /api/v1/api-tokens',
        reason: 'auth.unknown-token',
        details: { count: 1, address: '127.0.0.1', secret: 'revoked' },
      },
    ]);
    expect(of('address:127.0.0.1')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: expect.stringMatching(/^\/muster\.policy\.v1\.TokenService\/ListApiTokens$/) }),
        expect.objectContaining({ name: 'POST /api/v1/agent/sessions', reason: 'session.wrong-proof' }),
      ]),
    );
    expect(of('address:127.0.0.1')).toHaveLength(2);
    expect(of(`device:${blocked.uid}`)).toMatchObject([
      { name: 'GET /api/v1/agent/policy', reason: 'session.device-blocked' },
    ]);
    expect(of(`device:${fine.uid}`)).toMatchObject([
      { name: 'POST /api/v1/agent/content-locations', reason: 'policy.content-not-assigned' },
    ]);
    expect(rows).toHaveLength(6);
    expect(JSON.stringify(rows)).not.toMatch(/guess|muster_/);
  });

  it('is written every minute, and later when the database is away, whatever comes meanwhile', async () => {
    const refusals = new Refusals(database, ['127.0.0.0/8'], pino({ level: 'silent' }), 50);
    const note = (caller: string) =>
      refusals.note(new MusterError('forbidden', 'some.code', 'no'), {
        principal: { kind: 'token', uid: '', name: caller },
        route: 'GET /x',
        connection: '::ffff:192.0.2.1',
        forwarded: '198.51.100.1',
      });
    const counts = async () =>
      (await written()).flatMap((row) => (row.name === 'GET /x' ? [`${row.actor} ${row.details.count}`] : []));
    refusals.onApplicationBootstrap();
    try {
      await database.query('alter table audit_entry rename to away');
      note('first');
      note('first');
      // It is tried, and tried again, without the table.
      await until(async () => Reflect.get(refusals, 'waiting').length > 0);
      note('second');
      await database.query('alter table away rename to audit_entry');
      await until(async () => (await counts()).length === 2);
      expect(await counts()).toEqual(['first 2', 'second 1']);
      // Whoever is no proxy of ours is not believed.
      expect((await written()).find(({ actor }) => actor === 'first')?.details.address).toBe('192.0.2.1');
      refusals.note(new MusterError('not-found', 'some.code', 'no'), {
        principal: undefined,
        route: 'GET /x',
        connection: '',
        forwarded: undefined,
      });
    } finally {
      await refusals.onModuleDestroy();
    }
    expect(await counts()).toHaveLength(2);
  });
});
