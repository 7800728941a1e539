import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { readReplication } from '@muster/contracts/requests/replication.js';
import { leafUser } from '@muster/localsite/nats.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import { SiteReplication } from '@muster/service/replication/site-replication.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { freePort } from '@muster/testing/free-port.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { until } from '@muster/testing/until.js';
import { BOUNDARY_GROUPS } from '../src/boundaries/boundary.providers.js';
import { ContentUnderTest } from './content-under-test.js';

interface Group {
  readonly spec: { readonly points: string[]; readonly description?: string };
  readonly status: { readonly points?: number; readonly unknownPoints?: string[] };
}

describe('groups of points and boundary groups of a central and a primary site', () => {
  let central: ContentUnderTest;
  let primary: ContentUnderTest;
  let bus: TcpProxy;

  const boundary = (site: ContentUnderTest, name: string, spec: object) =>
    site.apply('BoundaryGroup', 'boundary-groups', name, spec);
  const read = async (site: ContentUnderTest, path: string): Promise<Group | undefined> => {
    const answer = await site.ask<Group>('GET', path);
    return answer.status === 200 ? answer.body : undefined;
  };
  const pointsOf = async (site: ContentUnderTest, path: string) => (await read(site, path))?.spec.points;
  const everyRow = async (site: ContentUnderTest) =>
    JSON.stringify(await site.app.get(Database).query('select key, content from replica'));
  const waiting = (site: ContentUnderTest) => site.app.get(Bus).request(readReplication('content'), {});

  beforeAll(async () => {
    central = await ContentUnderTest.start({}, { siteCode: 'CEN', links: { children: ['PR1'] } });
    const { site } = central.servers;
    bus = await TcpProxy.open(await freePort(), site.ports['nats-leaf']!);
    const parent = { host: '127.0.0.1', port: bus.port, ...leafUser(site.layout, 'PR1') };
    primary = await ContentUnderTest.start({}, { siteCode: 'PR1', links: { parent } });
    // A point of the same name at both: each means its own.
    await central.applyPoint('local');
    await primary.applyPoint('local');
    await primary.applyOwnPoint('branch');
    const key = ({ servers }: ContentUnderTest) =>
      new LinkKey(readFileSync(servers.environment('content')['MUSTER_LINK_KEY_FILE']!, 'utf8')).publicKey;
    const sites: HierarchySiteRecord[] = [
      { code: 'CEN', kind: 'central', parent: null, publicKey: key(central), revoked: false },
      { code: 'PR1', kind: 'primary', parent: 'CEN', publicKey: key(primary), revoked: false },
    ];
    for (const { app } of [central, primary]) {
      const replication = app.get(SiteReplication);
      await app.get(Database).transaction(async (tx) => {
        for (const one of sites) await replication.keepSite(tx, one);
      });
    }
  });

  afterAll(async () => {
    await primary?.stop();
    await central?.stop();
    await bus?.close();
  });

  it('are at both; each calls its own points by their names, and those of the other SITE/NAME', async () => {
    await boundary(primary, 'berlin', { addresses: ['10.1.0.0/16'], points: ['local', 'CEN/local'] });
    await until(async () => (await read(central, '/boundary-groups/berlin')) !== undefined);
    expect(await pointsOf(central, '/boundary-groups/berlin')).toEqual(['PR1/local', 'local']);
    expect(await pointsOf(primary, '/boundary-groups/berlin')).toEqual(['local', 'CEN/local']);
    expect((await read(primary, '/boundary-groups/berlin'))?.status.points).toBe(1);
    await central.apply('DistributionPointGroup', 'distribution-point-groups', 'all', {
      points: ['local', 'PR1/branch'],
    });
    await until(async () => (await pointsOf(primary, '/distribution-point-groups/all')) !== undefined);
    expect(await pointsOf(primary, '/distribution-point-groups/all')).toEqual(['CEN/local', 'branch']);
  });

  it('are edited at either, and lead devices to points there', async () => {
    await central.apply('BoundaryGroup', 'boundary-groups', 'berlin', {
      addresses: ['10.1.0.0/16'],
      points: ['PR1/branch'],
    });
    await until(async () => (await pointsOf(primary, '/boundary-groups/berlin'))?.join() === 'branch');
    const { body } = await primary
      .upload('hello', { a: randomBytes(1000) })
      .then(() => primary.ask<{ status: { versions: { manifest: string }[] } }>('GET', '/packages/hello'));
    const manifest = body.status.versions[0]!.manifest;
    const to = { package: 'hello', points: ['local'], groups: ['all'] };
    await primary.apply('Distribution', 'distributions', 'hello', to);
    const available = async () =>
      (await primary.progress('hello')).flatMap(({ point, state }) => (state === 'available' ? [point] : []));
    await until(async () => (await available()).toSorted().join() === 'branch,local');
    // It takes a second until a service looks at its groups again.
    await until(async () => {
      const located = await primary.app.get(Bus).request(locateContent, { manifest, address: '10.1.2.3' });
      return JSON.stringify(located).includes('branch') && !JSON.stringify(located).includes('"local"');
    });
  });

  it('refuse points of their own site that do not exist, and show what another site named in vain', async () => {
    const wrong = await central.ask<{ code: string; findings: { path: string }[] }>('PUT', '/boundary-groups/wrong', {
      apiVersion: 'muster/v1',
      kind: 'BoundaryGroup',
      metadata: { name: 'wrong' },
      spec: { points: ['PR1/branch', 'CEN/nowhere'] },
    });
    expect([wrong.status, wrong.body.code, wrong.body.findings.map(({ path }) => path)]).toEqual([
      400,
      'content.missing-reference',
      ['/spec/points/1'],
    ]);
    await boundary(central, 'in-vain', { addresses: ['10.9.0.0/16'], points: ['PR1/gone', 'PR1/branch'] });
    await until(async () => (await read(primary, '/boundary-groups/in-vain')) !== undefined);
    const there = (await read(primary, '/boundary-groups/in-vain'))!;
    expect([there.spec.points, there.status]).toEqual([['gone', 'branch'], { points: 1, unknownPoints: ['gone'] }]);
    expect((await waiting(primary)).waitingCount).toBe(0);
  });

  it('bring neither points nor their credentials along', async () => {
    const kept = await everyRow(central);
    expect(kept).toContain('PR1/branch');
    const endpoint = await primary.secondEndpoint();
    for (const secret of [endpoint, 'credentials', primary.environment['MUSTER_DP_SECRET_KEY']!])
      expect(kept).not.toContain(secret);
    const points = await central.ask<{ items: { metadata: { name: string } }[] }>('GET', '/distribution-points');
    expect(points.body.items.map(({ metadata }) => metadata.name)).toEqual(['local']);
  });

  it('hold a point that they name, also where another site named it', async () => {
    const refused = await primary.ask<{ code: string }>('DELETE', '/distribution-points/branch');
    expect([refused.status, refused.body.code]).toEqual([409, 'content.point-in-use']);
  });

  it('are told of by a site that had one of that name before this release knew of it from others', async () => {
    await boundary(primary, 'older', { points: ['branch'] });
    const groups = primary.app.get<ResourceStore<unknown, unknown>>(BOUNDARY_GROUPS);
    const untold = (tx: Transaction) =>
      groups.withoutReplica(tx, 10).then((found) => found.map(({ metadata }) => metadata.name));
    const rolledBack = new Error('rolled back');
    const looking = primary.app.get(Database).transaction(async (tx) => {
      expect(await untold(tx)).toEqual([]);
      // As the migration leaves what a newer neighbour had told of a group of that name.
      await tx.query(
        `insert into replica_problem (kind, key, code, message) values ('BoundaryGroup', 'older', 'hierarchy.unknown-kind', '')`,
      );
      expect(await untold(tx)).toEqual(['older']);
      throw rolledBack;
    });
    await expect(looking).rejects.toBe(rolledBack);
  });

  it('made by both with the link cut have one winner, and one default at each site', async () => {
    bus.cut();
    await boundary(central, 'both', { description: 'central says', points: ['PR1/branch'] });
    await boundary(primary, 'both', { description: 'primary says', points: ['branch'] });
    await boundary(central, 'last-cen', { points: ['local'], isDefault: true });
    await boundary(primary, 'last-pr1', { points: ['local'], isDefault: true });
    bus.heal();
    await until(async () => (await read(central, '/boundary-groups/both'))?.spec.description === 'primary says');
    expect(await pointsOf(central, '/boundary-groups/both')).toEqual(['PR1/branch']);
    // The other one's default group waits at each, until somebody takes one away.
    await until(async () => (await waiting(central)).waitingCount === 1 && (await waiting(primary)).waitingCount === 1);
    expect((await waiting(primary)).waiting[0]).toMatchObject({
      kind: 'BoundaryGroup',
      key: 'last-cen',
      code: 'content.second-default-group',
    });
    await primary.ask('DELETE', '/boundary-groups/last-pr1');
    await until(async () => (await pointsOf(primary, '/boundary-groups/last-cen'))?.join() === 'CEN/local');
    await until(async () => (await waiting(central)).waitingCount === 0);
  });
});
