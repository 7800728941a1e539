import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import type { DistributionSpec, DistributionStatus } from '@muster/contracts/kinds/distribution.js';
import type { Problem } from '@muster/contracts/problem.js';
import { readConflicts, readReplication, settleConflict } from '@muster/contracts/requests/replication.js';
import { leafUser } from '@muster/localsite/nats.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { ReplicaRepository } from '@muster/replication/replica.repository.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import { SiteReplication } from '@muster/service/replication/site-replication.js';
import { freePort } from '@muster/testing/free-port.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest } from './content-under-test.js';

interface Distribution {
  readonly spec: DistributionSpec;
  readonly status: DistributionStatus;
}

describe('what is distributed at a central, a primary and a secondary site', () => {
  let central: ContentUnderTest;
  let primary: ContentUnderTest;
  let secondary: ContentUnderTest;
  /** Between the central and the primary site. */
  let bus: TcpProxy;

  const read = async (site: ContentUnderTest, name: string): Promise<Distribution | undefined> => {
    const answer = await site.ask<Distribution>('GET', `/distributions/${name}`);
    return answer.status === 200 ? answer.body : undefined;
  };
  const put = (site: ContentUnderTest, name: string, spec: DistributionSpec) =>
    site.ask<Problem>('PUT', `/distributions/${name}`, {
      apiVersion: 'muster/v1',
      kind: 'Distribution',
      metadata: { name },
      spec,
    });
  const distribute = async (site: ContentUnderTest, name: string, spec: Omit<DistributionSpec, 'package'>) => {
    const answer = await put(site, name, { package: name, ...spec });
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
  };
  const placesAt = async (site: ContentUnderTest, name: string) => {
    const found = await read(site, name);
    return found && [...(found.spec.points ?? []), ...(found.spec.groups ?? [])].toSorted().join();
  };
  const availableAt = async (site: ContentUnderTest, name: string) =>
    ((await read(site, name))?.status.points ?? [])
      .flatMap(({ point, state }) => (state === 'available' ? [point] : []))
      .toSorted()
      .join();
  const upload = (site: ContentUnderTest, name: string) => site.upload(name, { a: randomBytes(1000) });
  const waiting = (site: ContentUnderTest) => site.app.get(Bus).request(readReplication('content'), {});
  const targetsAt = (site: ContentUnderTest) =>
    new ReplicaRepository()
      .digests(site.app.get(Database), [])
      .then((all) => JSON.stringify(all.filter(({ kind }) => kind === 'DistributionTarget')));
  const link = async (parent: ContentUnderTest, code: string, port: number) => ({
    host: '127.0.0.1',
    port,
    ...leafUser(parent.servers.site.layout, code),
  });

  beforeAll(async () => {
    central = await ContentUnderTest.start({}, { siteCode: 'CEN', links: { children: ['PR1'] } });
    bus = await TcpProxy.open(await freePort(), central.servers.site.ports['nats-leaf']!);
    primary = await ContentUnderTest.start(
      {},
      { siteCode: 'PR1', links: { parent: await link(central, 'PR1', bus.port), children: ['SE1'] } },
    );
    secondary = await ContentUnderTest.start(
      {},
      { siteCode: 'SE1', links: { parent: await link(primary, 'SE1', primary.servers.site.ports['nats-leaf']!) } },
    );
    for (const site of [central, primary, secondary]) await site.applyPoint('local');
    await primary.applyOwnPoint('branch');
    await upload(primary, 'older');
    await distribute(primary, 'older', { points: ['local'], priority: 'high' });
    await upload(primary, 'twice');
    await distribute(primary, 'twice', { points: ['local'], priority: 'low' });
    await put(primary, 'twice-too', { package: 'twice', points: ['local'] });
    // As a release left it that told no other site of where content goes.
    await primary.app.get(Database).query(`delete from replica where kind = 'DistributionTarget'`);
    const key = ({ servers }: ContentUnderTest) =>
      new LinkKey(readFileSync(servers.environment('content')['MUSTER_LINK_KEY_FILE']!, 'utf8')).publicKey;
    const sites: HierarchySiteRecord[] = [
      { code: 'CEN', kind: 'central', parent: null, publicKey: key(central), revoked: false },
      { code: 'PR1', kind: 'primary', parent: 'CEN', publicKey: key(primary), revoked: false },
      { code: 'SE1', kind: 'secondary', parent: 'PR1', publicKey: key(secondary), revoked: false },
    ];
    for (const { app } of [central, primary, secondary]) {
      const replication = app.get(SiteReplication);
      await app.get(Database).transaction(async (tx) => {
        for (const one of sites) await replication.keepSite(tx, one);
      });
    }
  });

  afterAll(async () => {
    await secondary?.stop();
    await primary?.stop();
    await central?.stop();
    await bus?.close();
  });

  it('goes on as it was when it is older than that, and is known above', async () => {
    await until(async () => (await placesAt(central, 'older')) === 'PR1/local');
    expect((await read(central, 'older'))?.spec.priority).toBe('high');
    // Where two Distributions bring it there, as the more urgent of them has it: medium, which need not be said.
    await until(async () => (await placesAt(central, 'twice')) === 'PR1/local');
    expect((await read(central, 'twice'))?.spec.priority).toBeUndefined();
    await until(async () => (await availableAt(primary, 'older')) === 'local');
  });

  it('goes to a point of a primary and one of a secondary site from the central one, where their sums are seen', async () => {
    await upload(central, 'hello');
    await distribute(central, 'hello', { points: ['PR1/branch', 'SE1/local'], priority: 'high' });
    await until(async () => (await availableAt(primary, 'hello')) === 'branch');
    await until(async () => (await availableAt(secondary, 'hello')) === 'local');
    expect([await placesAt(primary, 'hello'), await placesAt(secondary, 'hello')]).toEqual([
      'SE1/local,branch',
      'PR1/branch,local',
    ]);
    expect((await read(primary, 'hello'))?.spec.priority).toBe('high');
    const sum = { version: 1, points: 1, available: 1, failed: 0 };
    await until(async () => {
      const sites = (await read(central, 'hello'))?.status.sites ?? [];
      return sites.length === 2 && sites.every(({ available }) => available === 1);
    });
    const { status } = (await read(central, 'hello'))!;
    expect(status).toEqual({
      points: [],
      sites: [
        { site: 'PR1', ...sum },
        { site: 'SE1', ...sum },
      ],
    });
    // What each point does is told to nobody else.
    const rows = await central.app
      .get(Database)
      .query(`select content from replica where kind = 'DistributionResults'`);
    expect(JSON.stringify(rows)).not.toContain('branch');
  });

  it('goes to a group at every site, and to points that join it', async () => {
    await central.apply('DistributionPointGroup', 'distribution-point-groups', 'europe', {
      points: ['local', 'PR1/branch'],
    });
    await until(async () => (await primary.ask('GET', '/distribution-point-groups/europe')).status === 200);
    await upload(primary, 'grouped');
    await distribute(primary, 'grouped', { groups: ['europe'] });
    await until(async () => (await availableAt(central, 'grouped')) === 'local');
    await until(async () => (await availableAt(primary, 'grouped')) === 'branch');
    await central.apply('DistributionPointGroup', 'distribution-point-groups', 'europe', {
      points: ['local', 'PR1/branch', 'SE1/local'],
    });
    await until(async () => (await availableAt(secondary, 'grouped')) === 'local');
  });

  it('is taken away where it was not said, and comes again', async () => {
    expect((await secondary.ask<Problem>('DELETE', '/distributions/hello')).body.code).toBe('hierarchy.written-above');
    await distribute(primary, 'hello', { points: ['branch'] });
    await until(async () => (await read(secondary, 'hello'))?.spec.points?.join() === 'PR1/branch');
    expect(await availableAt(secondary, 'hello')).toBe('');
    expect((await primary.ask('DELETE', '/distributions/hello')).status).toBe(200);
    await until(async () => (await read(central, 'hello')) === undefined);
    await distribute(central, 'hello', { points: ['PR1/local'] });
    await until(async () => (await availableAt(primary, 'hello')) === 'local');
  });

  it('names points that exist, of sites that exist; what another site named in vain is shown, and comes when the point does', async () => {
    const wrong = await put(central, 'hello', { package: 'hello', points: ['nowhere', 'XX9/local', 'CEN/local'] });
    expect([wrong.status, wrong.body.code, wrong.body.findings?.map(({ path }) => path)]).toEqual([
      400,
      'content.missing-reference',
      ['/spec/points/0', '/spec/points/1'],
    ]);
    await distribute(central, 'hello', { points: ['PR1/local', 'PR1/gone'] });
    await until(async () => (await read(primary, 'hello'))?.status.unknownPoints?.join() === 'gone');
    await until(async () => {
      const [told] = (await read(central, 'hello'))?.status.sites ?? [];
      return told?.unknownPoints?.join() === 'gone' && told.available === 1;
    });
    expect((await waiting(primary)).waitingCount).toBe(0);
    // Whoever adds another point there is not refused for it.
    await distribute(primary, 'hello', { points: ['local', 'gone', 'branch'] });
    expect((await put(primary, 'hello', { package: 'hello', points: ['local', 'gone', 'gone-too'] })).status).toBe(400);
    await primary.applyOwnPoint('gone');
    await until(async () => (await availableAt(primary, 'hello')) === 'branch,gone,local');
    await until(async () => (await read(central, 'hello'))?.status.sites?.[0]?.available === 3);
  });

  it('of a secondary site goes to points of its own too, which stay when something is said above', async () => {
    await upload(primary, 'own');
    await until(async () => (await secondary.ask('GET', '/packages/own')).status === 200);
    await distribute(secondary, 'own', { points: ['local'] });
    const elsewhere = await put(secondary, 'own', { package: 'own', points: ['local', 'PR1/local'] });
    expect([elsewhere.status, elsewhere.body.code]).toEqual([409, 'hierarchy.written-above']);
    await distribute(primary, 'own', { points: ['local'] });
    await until(async () => (await placesAt(secondary, 'own')) === 'PR1/local,local');
    await until(async () => (await availableAt(secondary, 'own')) === 'local');
    expect(await placesAt(primary, 'own')).toBe('local');
  });

  it('has one winner where one sends and the other takes away with the link cut, and loses nothing else', async () => {
    await upload(central, 'both');
    await distribute(central, 'both', { points: ['PR1/branch', 'local'] });
    await until(async () => (await availableAt(primary, 'both')) === 'branch');
    bus.cut();
    // Each sends to points of its own, too: that is no conflict.
    await distribute(central, 'both', { points: ['local', 'PR1/gone'] });
    await distribute(primary, 'both', { points: ['CEN/local', 'branch', 'local'], priority: 'low' });
    expect(await availableAt(central, 'both')).toBe('local');
    bus.heal();
    await until(async () => (await targetsAt(central)) === (await targetsAt(primary)));
    await until(async () => (await placesAt(central, 'both')) === 'PR1/branch,PR1/gone,PR1/local,local');
    await until(async () => (await placesAt(primary, 'both')) === 'CEN/local,branch,gone,local');
    await until(async () => (await availableAt(primary, 'both')) === 'branch,gone,local');
    const priorities = [(await read(central, 'both'))?.spec.priority, (await read(primary, 'both'))?.spec.priority];
    expect([priorities[0], priorities[1]]).toEqual([undefined, undefined]);
    // That the central site took it from PR1/branch lost: somebody may want that still.
    const conflicts = async (site: ContentUnderTest) =>
      (await site.app.get(Bus).request(readConflicts('content'), { limit: 100 })).conflicts;
    const lost = (await conflicts(primary)).find(({ key }) => key === 'Package/both/PR1/branch');
    expect(lost).toMatchObject({ kind: 'DistributionTarget', site: 'CEN', content: null });
    await primary.app
      .get(Bus)
      .request(settleConflict('content'), { name: lost!.name, how: 'restore', actor: 'somebody' });
    await until(async () => (await placesAt(central, 'both')) === 'PR1/gone,PR1/local,local');
    expect(await availableAt(primary, 'both')).toBe('gone,local');
  });

  it('comes later to a site that is away, and waits there for what that site does not have yet', async () => {
    bus.cut();
    await upload(central, 'late');
    await distribute(central, 'late', { points: ['PR1/local', 'SE1/local'] });
    expect(await read(primary, 'late')).toBeUndefined();
    bus.heal();
    await until(async () => (await availableAt(primary, 'late')) === 'local');
    await until(async () => (await availableAt(secondary, 'late')) === 'local');
    for (const site of [central, primary, secondary]) expect((await waiting(site)).waitingCount).toBe(0);
  });
});
