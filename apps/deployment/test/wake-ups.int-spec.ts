import { status } from '@grpc/grpc-js';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { DeviceWakeUp } from '@muster/contracts/kinds/device-wake-up.js';
import { type NeighbourWake, wakeNeighbours } from '@muster/contracts/requests/wake-neighbours.js';
import { loadConfig } from '@muster/platform/config.js';
import { fromStruct, type ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import { startService } from '@muster/service/start-service.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { pino } from 'pino';
import { deploymentService } from '../src/deployment.service-definition.js';
import { openWorld, type World } from './world.js';

/** An address of this computer to which a packet of the site may go: the site sends none to loopback. */
const own = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

(own === undefined ? describe.skip : describe)('devices that sleep', () => {
  let servers: TestServers;
  let world: World;
  let replica: Awaited<ReturnType<typeof startService>>;
  let socket: Socket;
  const packets: string[] = [];
  const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03', '02:00:00:00:00:04'];
  const magic = (mac: string): string => `ffffffffffff${mac.replaceAll(':', '').repeat(16)}`;
  const woken = (): string[] => macs.filter((mac) => packets.includes(magic(mac)));

  beforeAll(async () => {
    socket = createSocket('udp4');
    socket.on('message', (bytes) => packets.push(bytes.toString('hex')));
    socket.bind(0);
    await once(socket, 'listening');
    servers = await startServers();
    const settings = { MUSTER_WAKE_UP_PACKETS: 'unicast', MUSTER_WAKE_UP_PORT: String(socket.address().port) };
    world = await openWorld(servers, settings);
    const environment = {
      ...servers.environment('deployment'),
      ...settings,
      MUSTER_HTTP_PORT: '0',
      MUSTER_GRPC_PORT: '0',
    };
    replica = await startService(
      deploymentService,
      loadConfig(deploymentService.config, environment),
      pino({ level: 'silent' }),
    );
    world.revise('demo', 'a');
    const zones = ['UTC', 'UTC', 'Asia/Tokyo', undefined];
    for (const [index, timeZone] of zones.entries()) {
      const uid = await world.enrol(`pc-${index + 1}`);
      const network = [{ name: 'eth0', mac: macs[index], addresses: [own ?? ''] }];
      await world.tellFacts(uid, index === 3 ? {} : { network, ...(timeZone && { timeZone }) });
      await until(async () => (await world.byUid(uid))?.status.facts !== undefined);
    }
    const rules = zones.map((_, index) => ({ device: `pc-${index + 1}` }));
    await world.api.apply('Collection', 'collections', 'pilot', { rules });
  });

  afterAll(async () => {
    await replica?.close();
    await world?.close();
    await servers?.stop();
    socket?.close();
  });
  beforeEach(() => (packets.length = 0));

  const deploy = async (name: string, more: object): Promise<unknown> =>
    world.api.apply('Deployment', 'deployments', name, {
      sequence: 'demo',
      collection: 'pilot',
      purpose: 'Required',
      wakeUp: true,
      ...more,
    });
  const done = async (name: string): Promise<number> => {
    const { rows } = await world.sql.query(
      `select count(*)::int as count from wake_up join deployment on deployment.uid = deployment_uid
       where name = $1 and done_at is not null`,
      [name],
    );
    return (rows[0] as { count: number }).count;
  };

  it('get the 102 bytes of a magic packet each when a deadline comes, once though two replicas look', async () => {
    const start = new Date(Date.now() - 1000).toISOString();
    await deploy('now', { triggers: [{ schedule: { start } }] });
    await until(async () => (await done('now')) === 1);
    await until(() => packets.length >= 3);
    // Another deadline behind it: whatever was to come of the first one has come.
    await deploy('again', {});
    await until(async () => (await done('again')) === 1);
    await until(() => packets.length >= 6);
    expect(packets.toSorted()).toEqual([...macs.slice(0, 3), ...macs.slice(0, 3)].map(magic).toSorted());
  });

  it('are woken at a time by their own clock', async () => {
    const local = new Date(Date.now() + 9 * 3_600_000 - 2000).toISOString().slice(0, 19);
    await deploy('tokyo', { triggers: [{ schedule: { start: local } }] });
    await until(async () => (await done('tokyo')) === 1);
    await until(() => packets.length > 0);
    expect(woken()).toEqual([macs[2]]);
  });

  it('sleep on when the deployment is held, wakes nobody, or its time is to come', async () => {
    await deploy('held', { hold: 'Starts' });
    await deploy('quiet', { wakeUp: false });
    await deploy('later', { triggers: [{ schedule: { start: '2099-01-01T00:00Z' } }] });
    await deploy('last', {});
    await until(async () => (await done('last')) === 1);
    await until(() => packets.length >= 3);
    const { rows } = await world.sql.query(
      `select name from wake_up join deployment on deployment.uid = deployment_uid where name = any($1)`,
      [['held', 'quiet', 'later']],
    );
    expect([rows, packets.length]).toEqual([[], 3]);
  });

  it('are woken by devices of their network that are awake, as many of them as are asked, also over gRPC', async () => {
    const asked: NeighbourWake[] = [];
    world.policy.bus.answer(
      wakeNeighbours,
      async ({ wakes }) => {
        asked.push(...wakes);
        return { asked: wakes.flatMap(({ devices }) => devices).length };
      },
      () => undefined,
    );
    const inside = async (name: string, subnet: string, seen: string | undefined) => {
      const uid = await world.enrol(name);
      const network = [{ name: 'eth0', mac: macs[3], addresses: ['192.0.2.7'], subnets: [subnet] }];
      await world.tellFacts(uid, { network });
      await until(async () => (await world.byUid(uid))?.status.facts?.network !== undefined);
      if (seen !== undefined)
        await world.sql.query(`insert into device_seen (device_uid, seen_at) values ($1, now() - $2::interval)`, [
          uid,
          seen,
        ]);
      return uid;
    };
    await inside('asleep', '192.0.2.0/24', undefined);
    const awake = await inside('awake', '192.0.2.0/24', '1 minute');
    await inside('long-silent', '192.0.2.0/24', '1 day');
    await inside('elsewhere', '198.51.100.0/24', '1 minute');
    const { body } = await world.api.call<DeviceWakeUp>('POST', 'devices/asleep/wake');
    expect(body).toMatchObject({ neighbours: 1 });
    const { port } = socket.address();
    expect(asked).toEqual([{ devices: [awake], packets: [{ mac: macs[3], address: '192.0.2.255', port }] }]);

    // Blocked meanwhile: nobody is left to ask.
    await world.api.call('POST', 'devices/awake/block', {});
    const client = grpcClient('deployment', 'DeviceLifeService', world.grpcAddress, world.token);
    try {
      const { wakeUp } = await client.call<{ wakeUp: ProtobufStruct }>('WakeDevice', { name: 'asleep' });
      expect(fromStruct(wakeUp)).toMatchObject({ sent: expect.any(Number), neighbours: 0 });
      await expect(client.call('WakeDevice', { name: 'nobody' })).rejects.toMatchObject({ code: status.NOT_FOUND });
    } finally {
      client.close();
    }
    expect(asked).toHaveLength(1);

    // A deadline asks as well.
    await world.api.call('POST', 'devices/awake/unblock', {});
    await world.api.apply('Collection', 'collections', 'sleepers', { rules: [{ device: 'asleep' }] });
    await deploy('by-neighbours', { collection: 'sleepers' });
    await until(() => asked.length === 2);
    expect(asked[1]).toEqual(asked[0]);
  });

  it('are woken one by one when somebody asks for it, and who cannot be is told of', async () => {
    const { status: answered, body } = await world.api.call<DeviceWakeUp>('POST', 'devices/pc-1/wake');
    expect(answered).toBe(200);
    const packets = [{ mac: macs[0], address: own, port: socket.address().port }];
    expect(body).toEqual({ packets, sent: 1, neighbours: 0 });
    await until(() => woken().length === 1);
    expect(await world.api.refused('POST', 'devices/pc-4/wake')).toMatchObject({
      status: 409,
      code: 'device.cannot-be-woken',
    });
    expect(await world.api.refused('POST', 'devices/nobody/wake')).toMatchObject({ status: 404 });
    const { rows } = await world.sql.query(`select kind, name from audit_entry where action = 'woken'`);
    expect(rows).toContainEqual({ kind: 'Device', name: 'pc-1' });
    expect(rows).not.toContainEqual({ kind: 'Device', name: 'pc-4' });
  });
});
