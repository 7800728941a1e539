import { randomUUID } from 'node:crypto';
import { CLIENT_SETTINGS, PEOPLE_SETTINGS } from '@muster/contracts/agent/policy.js';
import { ABILITIES_HEADER } from '@muster/contracts/agent/permits.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { clientSettings, type ClientSettingsSpec } from '@muster/contracts/kinds/client-settings.js';
import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import { deviceExplanationSchema } from '@muster/contracts/kinds/device-explanation.js';
import { readDevice } from '@muster/contracts/requests/read-device.js';
import { Database } from '@muster/persistence/database.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { collectionNamed, deploymentOf, plain, resource } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call, type TestDevice } from './test-device.js';

const collections = resourceEvents(collectionKind);
const deployments = resourceEvents(deploymentKind);
const settings = resourceEvents(clientSettings);
const ABLE = { [ABILITIES_HEADER]: CLIENT_SETTINGS };
let servers: TestServers;
let policy: PolicyUnderTest;
let database: Database;
let everybody: string;
/** The device that people ask about. */
let explained: TestDevice;

beforeAll(async () => {
  servers = await startServers();
  policy = await PolicyUnderTest.start(servers);
  database = new Database({ url: servers.environment('policy')['MUSTER_DATABASE_URL'] ?? '', schema: 'policy' });
  everybody = await makeCollection('all-devices');
  policy.deployment.bus.answer(
    readDevice,
    async () => ({ device: { uid: explained.uid, name: 'one', facts: { hostname: 'one' } } }),
    () => undefined,
  );
});

afterAll(async () => {
  await database?.close();
  await policy?.stop();
  await servers?.stop();
});

async function makeCollection(name: string): Promise<string> {
  const made = collectionNamed(name);
  await policy.deployment.publish(collections.saved, { resource: made, actor: 'test' });
  return made.metadata.uid;
}

const join = (collectionUid: string, ...devices: TestDevice[]): Promise<void> =>
  policy.deployment.publish(membersChanged, { collectionUid, added: devices.map(({ uid }) => uid), removed: [] });

/** Two devices, of which the first is in a collection of its own. */
async function twoDevices() {
  const [member, other] = [await policy.device(), await policy.device()];
  const name = `c-${randomUUID().slice(0, 8)}`;
  const uid = await makeCollection(name);
  await join(everybody, member, other);
  await join(uid, member);
  return { member, other, name };
}

/** Tells what settings say; answers how they are taken away. */
async function say(name: string, spec: ClientSettingsSpec, uid?: string) {
  const made = resource('ClientSettings', name, spec, {}, uid === undefined ? {} : { uid });
  await policy.deployment.publish(settings.saved, { resource: made, actor: 'test' });
  const takeAway = () => policy.deployment.publish(settings.deleted, { resource: made, actor: 'test' });
  return { uid: made.metadata.uid, takeAway };
}

const tagOf = async (device: TestDevice) => (await device.get('/policy', ABLE)).headers.get('etag') ?? '';
const status = async (device: TestDevice, tag: string) =>
  (await device.get('/policy', { ...ABLE, 'If-None-Match': tag })).status;
const changes = async () =>
  Number((await database.query<{ count: string }>('select count(*) as count from policy_change'))[0]?.count);

describe('client settings', () => {
  it('reach the devices that they are for, by a row for each of their collections, and no others hear of it', async () => {
    const { member, other, name } = await twoDevices();
    await until(
      async () =>
        (await database.query('select 1 from device_member where device_uid = $1', [member.uid])).length === 2,
    );
    const [tag, untouched] = [await tagOf(member), await tagOf(other)];
    const before = await changes();
    const { uid, takeAway } = await say('kiosks', {
      priority: 5,
      collections: [name],
      settings: { policyPollMinutes: 7, cacheMegabytes: 300 },
    });
    await until(async () => (await status(member, tag)) === 200);
    expect(await changes()).toBe(before + 1);
    const told = await member.policy(ABLE);
    expect([told.pollSeconds, told.settings]).toEqual([420, { cacheMegabytes: 300 }]);
    expect(await status(other, untouched)).toBe(304);

    // The same said again is no change; other values are one.
    const now = await tagOf(member);
    await say(
      'kiosks',
      { priority: 5, collections: [name], settings: { policyPollMinutes: 7, cacheMegabytes: 300 } },
      uid,
    );
    await say('kiosks', { priority: 5, collections: [name], settings: { cacheMegabytes: 301 } }, uid);
    await until(async () => (await status(member, now)) === 200);
    expect(await changes()).toBe(before + 2);
    expect((await member.policy(ABLE)).settings).toEqual({ cacheMegabytes: 301 });
    await takeAway();
    await until(async () => (await member.policy(ABLE)).settings === undefined);
    expect(await tagOf(member)).toBe(tag);
    expect(await status(other, untouched)).toBe(304);
  });

  it('called default reach every device, and those who come later', async () => {
    const { member, name } = await twoDevices();
    const byDefault = await say('default', { settings: { usersMayStart: true, inventoryMinutes: 60 } });
    await until(async () => (await member.policy(ABLE)).settings?.inventoryMinutes === 60);
    const late = await policy.device();
    expect((await late.policy(ABLE)).settings).toBeUndefined();
    const tag = await tagOf(late);
    await join(everybody, late);
    await until(async () => (await status(late, tag)) === 200);
    expect((await late.policy(ABLE)).settings).toEqual({ usersMayStart: true, inventoryMinutes: 60 });

    const stronger = await say('pilot', { priority: 9, collections: [name], settings: { usersMayStart: false } });
    await until(async () => (await member.policy(ABLE)).settings?.usersMayStart === false);
    expect((await late.policy(ABLE)).settings?.usersMayStart).toBe(true);
    await byDefault.takeAway();
    await stronger.takeAway();
  });

  it('are not told to an agent that does not know them, which hears only how often to ask', async () => {
    const { member, name } = await twoDevices();
    const { takeAway } = await say('old', {
      priority: 1,
      collections: [name],
      settings: { policyPollMinutes: 3, cacheMegabytes: 10, warnMinutes: 15 },
    });
    const deployment = deploymentOf(`d-${randomUUID().slice(0, 8)}`, name, policy.know(plain('A')));
    await policy.deployment.publish(deployments.saved, { resource: deployment, actor: 'test' });
    await until(async () => (await member.policy()).assignments.length === 1);
    const told = await member.policy();
    expect([told.pollSeconds, told.settings, told.assignments[0]?.warnMinutes]).toEqual([180, undefined, 15]);
    const tag = (await member.get('/policy')).headers.get('etag') ?? '';
    // Its agent was replaced: it is told anew.
    expect(await status(member, tag)).toBe(200);
    expect((await member.policy(ABLE)).settings).toEqual({ cacheMegabytes: 10 });
    await takeAway();
  });

  it('about people are told to agents that know of that, and warned of where no window has room for them', async () => {
    const { member, name } = await twoDevices();
    explained = member;
    const { takeAway } = await say('people', {
      priority: 1,
      collections: [name],
      settings: { cacheMegabytes: 10, restartWarnMinutes: 90, snoozeMinutes: 240 },
    });
    await until(async () => (await member.policy(ABLE)).settings?.cacheMegabytes === 10);
    expect((await member.policy(ABLE)).settings).toEqual({ cacheMegabytes: 10 });
    const explanation = async () =>
      deviceExplanationSchema.parse((await call(policy.base, '/api/v1/device-explanations/one', policy)).body);
    const toldOf = async () =>
      (await explanation()).settings?.flatMap(({ name: one, winner, told }) => (winner ? [[one, told]] : []));
    expect(await toldOf()).toEqual([
      ['cacheMegabytes', true],
      ['restartWarnMinutes', false],
      ['snoozeMinutes', false],
    ]);
    expect((await explanation()).warnings).toBeUndefined();
    const knowing = { [ABILITIES_HEADER]: `${CLIENT_SETTINGS},${PEOPLE_SETTINGS}` };
    await until(async () => (await member.policy(knowing)).settings?.snoozeMinutes === 240);
    expect((await toldOf())?.map(([, told]) => told)).toEqual([true, true, true]);

    const night = { name: 'night', schedule: { start: '2026-01-01T01:00', repeat: { every: { days: 1 } } } };
    const windows = collectionNamed(`w-${randomUUID().slice(0, 8)}`);
    windows.spec.maintenanceWindows = [{ ...night, durationMinutes: 60 }];
    await policy.deployment.publish(collections.saved, { resource: windows, actor: 'test' });
    await join(windows.metadata.uid, member);
    await until(async () => (await explanation()).warnings !== undefined);
    expect((await explanation()).warnings).toEqual([
      {
        code: 'policy.countdown-longer-than-window',
        message: expect.stringContaining(`restartWarnMinutes of its client settings is 90 min`),
      },
    ]);
    await takeAway();
  });

  it('are explained: which value holds on a device, who says it, and what lost', async () => {
    const { member, name } = await twoDevices();
    explained = member;
    const byDefault = await say('default', { settings: { cacheMegabytes: 1000 } });
    const pilot = await say('pilot', { priority: 2, collections: [name], settings: { cacheMegabytes: 200 } });
    await until(async () => (await member.policy(ABLE)).settings?.cacheMegabytes === 200);
    const answer = await call(policy.base, '/api/v1/device-explanations/one', { token: policy.token });
    const { settings: all = [] } = deviceExplanationSchema.parse(answer.body);
    expect(all.find((one) => one.name === 'cacheMegabytes')).toEqual({
      name: 'cacheMegabytes',
      winner: { value: 200, from: 'pilot', priority: 2 },
      losers: [{ value: 1000, from: 'default' }],
      told: true,
    });
    expect(all.find((one) => one.name === 'warnMinutes')).toEqual({
      name: 'warnMinutes',
      losers: [],
      told: true,
    });
    await byDefault.takeAway();
    await pilot.takeAway();
  });
});
