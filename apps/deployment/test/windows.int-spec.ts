import type { DeviceWindows } from '@muster/contracts/kinds/device-windows.js';
import type { Problem } from '@muster/contracts/problem.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { document } from './api.js';
import { openWorld, type Collection, type World } from './world.js';

describe('maintenance windows', () => {
  let servers: TestServers;
  let world: World;
  let { api } = {} as World;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api } = world);
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const night = {
    name: 'night',
    schedule: { start: '2026-01-01T01:00', repeat: { every: { days: 1 } } },
    durationMinutes: 180,
  };
  const make = async (name: string, device: string, maintenanceWindows: object[]) =>
    api.apply<Collection>('Collection', 'collections', name, { rules: [{ device }], maintenanceWindows });
  const enrol = async (name: string, timeZone: string): Promise<void> => {
    await world.enrol(name, undefined, { timeZone });
    await until(async () => (await api.call('GET', `devices/${name}`)).status === 200);
  };
  const told = async (device: string, query = '') =>
    (await api.call<DeviceWindows>('GET', `devices/${device}/windows${query}`)).body;

  it('of all collections of a device say when a run may begin, by the clock of the device', async () => {
    await enrol('w1', 'Asia/Tokyo');
    await make('w-a', 'w1', [night]);
    await make('w-b', 'w1', [
      { ...night, name: 'late', schedule: { start: '2026-01-01T03:00', repeat: night.schedule.repeat } },
    ]);
    const answer = await told('w1', '?minutes=240&count=2');
    expect(answer).toMatchObject({ timeZone: 'Asia/Tokyo', timeZoneKnown: true, restricted: true, minutes: 240 });
    expect(answer.windows.map(({ collection, name, counts }) => `${collection}/${name} ${counts}`)).toEqual([
      'w-a/night true',
      'w-b/late true',
    ]);
    expect(answer.starts).toHaveLength(2);
    const [first] = answer.starts;
    // 01:00 to 06:00 in Tokyo is 16:00 to 21:00 UTC of the day before: 300 minutes for a run of 240.
    expect(first?.span).toMatchObject({ minutes: 300, start: expect.stringMatching(/T16:00:00/) });
    expect(first?.until).toMatch(/T17:00:00/);
  });

  it('that are too short are named, and those for sequences put others aside', async () => {
    await enrol('w2', 'UTC');
    await make('w-c', 'w2', [
      night,
      { ...night, name: 'sequences', for: 'TaskSequences', durationMinutes: 30 },
      { ...night, name: 'updates', for: 'SoftwareUpdates' },
      { ...night, name: 'off', enabled: false },
    ]);
    const answer = await told('w2');
    expect(answer.starts).toEqual([]);
    expect(answer.tooShort[0]).toMatchObject({ minutes: 30, windows: [{ collection: 'w-c', name: 'sequences' }] });
    expect(answer.windows.map(({ name, counts, reason }) => [name, counts, reason])).toEqual([
      ['night', false, expect.stringMatching(/"sequences" of w-c/)],
      ['sequences', true, 'it is for task sequences'],
      ['updates', false, 'it is for software updates'],
      ['off', false, 'it is disabled'],
    ]);
  });

  it('of a device without any do not restrict, and say that its time zone is not known', async () => {
    await api.apply('Device', 'devices', 'w3', {});
    expect(await told('w3')).toMatchObject({
      restricted: false,
      timeZoneKnown: false,
      timeZone: 'UTC',
      windows: [],
      starts: [],
    });
  });

  it('of a device that told a time zone which nobody knows are told in UTC, and say so', async () => {
    await enrol('w4', 'Mars/Phobos');
    await make('w-d', 'w4', [night]);
    expect(await told('w4')).toMatchObject({ timeZone: 'UTC', timeZoneKnown: false, restricted: true });
  });

  it('are refused with a place and a reason', async () => {
    const refused = async (maintenanceWindows: object[]): Promise<Problem> =>
      api.refused('PUT', 'collections/w-bad', document('Collection', 'w-bad', { rules: [], maintenanceWindows }));
    expect(await refused([night, night])).toMatchObject({
      status: 400,
      code: 'deployment.window-name-taken',
      findings: [{ path: '/spec/maintenanceWindows/1/name' }],
    });
    expect(await refused([{ ...night, durationMinutes: 1441 }])).toMatchObject({
      status: 400,
      findings: [{ path: '/spec/maintenanceWindows/0/durationMinutes' }],
    });
    expect(await refused([{ ...night, schedule: { start: 'tomorrow' } }])).toMatchObject({
      status: 400,
      findings: [
        { path: '/spec/maintenanceWindows/0/schedule/start', message: expect.stringMatching(/2026-12-01T01:00Z/) },
      ],
    });
    expect(await api.refused('GET', 'devices/nobody/windows')).toMatchObject({
      status: 404,
      code: 'resource.not-found',
    });
    expect(await api.refused('GET', 'devices/w3/windows?minutes=-1')).toMatchObject({ status: 400 });
  });
});

describe('the rules of when a deployment runs', () => {
  let servers: TestServers;
  let world: World;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    await world.api.apply('Collection', 'collections', 'pilot', { rules: [] });
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const refused = async (rules: object): Promise<Problem> =>
    world.api.refused(
      'PUT',
      'deployments/rules',
      document('Deployment', 'rules', { sequence: 'demo', collection: 'pilot', purpose: 'Required', ...rules }),
    );

  it('are refused where they would have no effect, all at once', async () => {
    const problem = await refused({
      purpose: 'Available',
      rerun: 'Never',
      outsideWindows: true,
      restartOutsideWindows: true,
      warnMinutes: 15,
      triggers: [{ event: 'Startup' }],
    });
    expect(problem).toMatchObject({ status: 400, code: 'deployment.setting-without-effect' });
    expect(problem.findings?.map(({ path }) => path)).toEqual([
      '/spec/triggers',
      '/spec/rerun',
      '/spec/outsideWindows',
      '/spec/restartOutsideWindows',
      '/spec/warnMinutes',
    ]);
  });

  it('that a Required deployment does not have, or that media cannot follow, are refused with what would be right', async () => {
    expect(await refused({ fetchAhead: true })).toMatchObject({
      code: 'deployment.setting-without-effect',
      findings: [{ path: '/spec/fetchAhead' }],
    });
    expect(await refused({ purpose: 'Available', fetchAhead: true, content: 'FromPoint' })).toMatchObject({
      code: 'deployment.setting-without-effect',
      findings: [{ path: '/spec/fetchAhead' }],
    });
    expect(await refused({ availableTo: 'ClientsMediaAndPxe', content: 'BeforeStart' })).toMatchObject({
      status: 400,
      code: 'deployment.media-fetches-as-needed',
      findings: [{ path: '/spec/content' }],
    });
  });

  it('may not end before they begin for every device', async () => {
    expect(await refused({ availableAt: '2026-12-02T00:00', expiresAt: '2026-12-01T00:00' })).toMatchObject({
      code: 'deployment.never-runs',
    });
    expect(await refused({ triggers: Array.from({ length: 16 }, () => ({ event: 'Startup' })) })).toMatchObject({
      status: 400,
      findings: [{ path: '/spec/triggers' }],
    });
  });
});
