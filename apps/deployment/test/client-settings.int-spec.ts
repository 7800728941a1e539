import { hierarchySiteChanged } from '@muster/contracts/events/hierarchy-site-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { clientSettings, type ClientSettingsSpec } from '@muster/contracts/kinds/client-settings.js';
import type { DeviceWindows } from '@muster/contracts/kinds/device-windows.js';
import type { Problem } from '@muster/contracts/problem.js';
import { readConflicts, readReplication } from '@muster/contracts/requests/replication.js';
import type { Resource } from '@muster/contracts/resource.js';
import { until } from '@muster/testing/until.js';
import { document } from './api.js';
import { JoinedSites } from './joined-sites.js';
import type { Collection, World } from './world.js';

type ClientSettings = Resource<ClientSettingsSpec, object>;

describe('client settings of a central and a primary site', () => {
  let sites: JoinedSites;
  let central: World;
  let primary: World;

  const collection = (world: World, name: string, spec: object = { rules: [] }) =>
    world.api.apply<Collection>('Collection', 'collections', name, spec);
  const put = (world: World, name: string, spec: ClientSettingsSpec) =>
    world.api.apply<ClientSettings>('ClientSettings', 'client-settings', name, spec);
  const refused = (world: World, name: string, spec: object) =>
    world.api.refused('PUT', `client-settings/${name}`, document('ClientSettings', name, spec));
  const read = async (world: World, name: string) => {
    const { status, body } = await world.api.call<ClientSettings>('GET', `client-settings/${name}`);
    return status === 200 ? body.spec : undefined;
  };

  beforeAll(async () => {
    sites = await JoinedSites.open();
    ({ central, primary } = sites);
  });

  afterAll(() => sites?.close());

  it('say for whom they are, and at least one thing that is right', async () => {
    const settings = { policyPollMinutes: 5 };
    const codes = async (name: string, spec: object) => {
      const { code, findings = [] } = await refused(primary, name, spec);
      return [code, findings.map(({ path }) => path)];
    };
    expect(await codes('default', { priority: 1, settings })).toEqual(['settings.wrong-target', ['/spec/priority']]);
    expect(await codes('some', { settings })).toEqual([
      'settings.wrong-target',
      ['/spec/priority', '/spec/collections'],
    ]);
    const missing = { priority: 1, collections: ['nowhere'], settings };
    expect(await codes('some', missing)).toEqual(['deployment.missing-reference', ['/spec/collections/0']]);
    expect((await codes('default', { settings: {} }))[0]).toBe('document.invalid');
    expect((await codes('default', { settings: { policyPollMinutes: 0 } }))[0]).toBe('document.invalid');
    expect((await codes('default', { settings: { colour: 'red' } }))[0]).toBe('document.invalid');
    // The last word comes within the time that people have.
    expect(await codes('default', { settings: { restartWarnMinutes: 15, restartFinalMinutes: 15 } })).toEqual([
      'document.invalid',
      ['/spec/settings/restartFinalMinutes'],
    ]);
  });

  it('hold the collections that they are for, and make one fact, whatever the number of members', async () => {
    await collection(primary, 'kiosks', { rules: [{ allDevices: true }] });
    await put(primary, 'kiosks', { priority: 5, collections: ['kiosks'], settings: { usersMayStart: false } });
    const inUse = await primary.api.refused('DELETE', 'collections/kiosks');
    expect([inUse.code, inUse.detail]).toEqual(['deployment.collection-in-use', expect.stringContaining('"kiosks"')]);
    const { body: uses } = await primary.api.call<{ settings: string[] }>('GET', 'collections/kiosks/uses');
    expect(uses.settings).toEqual(['kiosks']);
    const facts = await primary.sql.query('select 1 from outbox where subject = $1', [
      resourceEvents(clientSettings).saved.subject({ site: 'PR1' }),
    ]);
    expect(facts.rows).toHaveLength(1);
  });

  it('made at one are at the other, changed and deleted too, and tell policy there', async () => {
    await until(async () => (await read(central, 'kiosks')) !== undefined);
    await put(central, 'kiosks', { priority: 6, collections: ['kiosks'], settings: { cacheMegabytes: 300 } });
    await until(async () => (await read(primary, 'kiosks'))?.settings.cacheMegabytes === 300);
    const { rows } = await primary.sql.query<{ priority: number }>(
      `select (payload #>> '{resource,spec,priority}')::int as priority from outbox where subject = $1 order by 1`,
      [resourceEvents(clientSettings).saved.subject({ site: 'PR1' })],
    );
    expect(rows).toEqual([{ priority: 5 }, { priority: 6 }]);
    expect((await primary.api.call('DELETE', 'client-settings/kiosks')).status).toBe(200);
    await until(async () => (await read(central, 'kiosks')) === undefined);
    expect((await primary.api.call('DELETE', 'collections/kiosks')).status).toBe(200);
  });

  it('edited at both while the link was cut have one winner, and what lost can be seen', async () => {
    await put(central, 'default', { settings: { policyPollMinutes: 60 } });
    await until(async () => (await read(primary, 'default')) !== undefined);
    sites.link.cut();
    await put(central, 'default', { settings: { policyPollMinutes: 30 } });
    await put(primary, 'default', { settings: { policyPollMinutes: 15 } });
    sites.link.heal();
    await until(async () => (await read(central, 'default'))?.settings.policyPollMinutes === 15);
    const conflicts = async () =>
      (await central.policy.bus.request(readConflicts('deployment'), { limit: 10 })).conflicts;
    await until(async () => (await conflicts()).length === 1);
    expect(await conflicts()).toEqual([
      expect.objectContaining({
        kind: 'ClientSettings',
        key: 'default',
        content: expect.objectContaining({ spec: { settings: { policyPollMinutes: 30 } } }),
      }),
    ]);
    expect((await read(primary, 'default'))?.settings.policyPollMinutes).toBe(15);
  });

  it('that came before this release knew them were kept, and are put to use', async () => {
    // As a site of the release before left it: taken in, and no table to put it into.
    await put(central, 'early', { priority: 9, collections: ['all-devices'], settings: { onMetered: true } });
    await until(async () => (await read(primary, 'early')) !== undefined);
    await primary.sql.query(`delete from client_settings where name = 'early'`);
    await primary.sql.query(
      `insert into replica_problem (kind, key, code, message) values ('ClientSettings', 'early', 'hierarchy.unknown-kind', '')`,
    );
    await until(async () => (await read(primary, 'early')) !== undefined);
    const { waitingCount } = await primary.policy.bus.request(readReplication('deployment'), {});
    expect(waitingCount).toBe(0);
  });

  it('say how maintenance windows count, as people are told', async () => {
    await primary.enrol('w1', undefined, { timeZone: 'UTC' });
    await until(async () => (await primary.api.call('GET', 'devices/w1')).status === 200);
    const window = (name: string, purpose: string) => ({
      name,
      for: purpose,
      schedule: { start: '2026-01-01T01:00', repeat: { every: { days: 1 } } },
      durationMinutes: 180,
    });
    const maintenanceWindows = [window('all', 'AllDeployments'), window('own', 'TaskSequences')];
    await collection(primary, 'windowed', { rules: [{ device: 'w1' }], maintenanceWindows });
    const counting = async () =>
      (await primary.api.call<DeviceWindows>('GET', 'devices/w1/windows')).body.windows.flatMap(({ name, counts }) =>
        counts ? [name] : [],
      );
    expect(await counting()).toEqual(['own']);
    await put(primary, 'both', { priority: 1, collections: ['windowed'], settings: { allDeploymentsWindows: true } });
    expect(await counting()).toEqual(['all', 'own']);
  });

  it('are read at a secondary site, and refused there, which says where to write them', async () => {
    const { kind: _kind, ...own } = sites.sites[1]!;
    await primary.policy.publish(hierarchySiteChanged, { ...own, kind: 'secondary' });
    let minutes = 0;
    const write = () => {
      const wish = document('ClientSettings', 'default', { settings: { policyPollMinutes: (minutes += 1) } });
      return primary.api.call<Problem>('PUT', 'client-settings/default', wish);
    };
    await until(async () => (await write()).status === 409);
    expect((await write()).body.code).toBe('hierarchy.written-above');
    await put(central, 'default', { settings: { policyPollMinutes: 45 } });
    await until(async () => (await read(primary, 'default'))?.settings.policyPollMinutes === 45);
  });
});
