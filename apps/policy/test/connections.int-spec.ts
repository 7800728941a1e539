import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { device as deviceKind } from '@muster/contracts/kinds/device.js';
import { Database } from '@muster/persistence/database.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { deviceOf } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import type { TestDevice } from './test-device.js';

interface Fact {
  at: string;
  process: string;
  devices: string[];
  opened: string[];
  closed: string[];
}

let servers: TestServers;
let policy: PolicyUnderTest;
let database: Database;

beforeAll(async () => {
  servers = await startServers();
  policy = await PolicyUnderTest.start(servers, { MUSTER_SEEN_SECONDS: '1' });
  database = new Database({ url: servers.environment('policy')['MUSTER_DATABASE_URL'] ?? '', schema: 'policy' });
});

afterAll(async () => {
  await database?.close();
  await policy?.stop();
  await servers?.stop();
});

const told = async (): Promise<Fact[]> =>
  (
    await database.query<{ payload: Fact }>(
      `select payload from outbox where subject like '%.devices-seen.%' order by sequence`,
    )
  ).map(({ payload }) => payload);

/** Opens the connection of a device; answers how it is cut. */
async function connect({ accessToken }: TestDevice, base = policy.base): Promise<() => void> {
  const cut = new AbortController();
  const headers = { Authorization: `Bearer ${accessToken}` };
  const response = await fetch(`${base}/api/v1/agent/wake-ups`, { headers, signal: cut.signal });
  expect(response.status).toBe(200);
  void (async () => {
    for await (const _ of response.body!);
  })().catch(() => undefined);
  return () => cut.abort();
}

const whereOpened = async ({ uid }: TestDevice) => (await told()).findLast(({ opened }) => opened.includes(uid));
const whereClosed = async ({ uid }: TestDevice) => (await told()).findLast(({ closed }) => closed.includes(uid));

describe('the connection of a device', () => {
  it('is told when it begins and when it ends, and costs nothing while it is open', async () => {
    const device = await policy.device();
    const cut = await connect(device);
    await until(async () => (await whereOpened(device)) !== undefined);
    const began = await whereOpened(device);
    // Signs of life of the process, which name nobody.
    const after = async () => (await told()).filter(({ at }) => at > began!.at);
    await until(async () => (await after()).length >= 3);
    expect(
      new Set((await after()).map(({ devices, opened, closed }) => [devices, opened, closed].flat().length)),
    ).toEqual(new Set([0]));
    cut();
    await until(async () => (await whereClosed(device)) !== undefined);
    expect((await whereClosed(device))?.process).toBe(began?.process);
    // Nobody is connected any more: nothing is said.
    const last = await told();
    await until(async () => Date.parse(last.at(-1)!.at) < Date.now() - 2_500);
    expect(await told()).toHaveLength(last.length);
  });

  it('is told by each process for itself', async () => {
    const replica = await policy.replica();
    try {
      const [one, other] = [await policy.device(), await policy.device()];
      const cut = [await connect(one), await connect(other, replica.base)];
      await until(async () => (await whereOpened(one)) !== undefined && (await whereOpened(other)) !== undefined);
      expect((await whereOpened(one))?.process).not.toBe((await whereOpened(other))?.process);
      cut.forEach((end) => end());
      await until(async () => (await whereClosed(one)) !== undefined && (await whereClosed(other)) !== undefined);
    } finally {
      await replica.stop();
    }
  });

  it('ends when the device is blocked', async () => {
    const device = await policy.device();
    await connect(device);
    await until(async () => (await whereOpened(device)) !== undefined);
    const resource = deviceOf(device.uid);
    const access = { state: 'blocked', since: new Date().toISOString(), by: 'anna' } as const;
    const blocked = { ...resource, status: { ...resource.status, access } };
    await policy.deployment.publish(resourceEvents(deviceKind).saved, { resource: blocked, actor: 'test' });
    await until(async () => (await whereClosed(device)) !== undefined);
  });
});
