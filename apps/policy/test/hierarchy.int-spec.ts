import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SiteList, SiteView } from '@muster/contracts/hierarchy/site-views.js';
import { digestOfBytes } from '@muster/contracts/digest.js';
import { siteLayout } from '@muster/localsite/layout.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import { freePort } from '@muster/testing/free-port.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { until } from '@muster/testing/until.js';
import { SiteSealing } from '../src/sealing/site-sealing.js';
import { SiteKey } from '../src/site-key/site-key.js';
import { sealingKeyId } from '@muster/service/sealing/seal.js';
import { signJoinRequest } from '../src/hierarchy/join-proof.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { FarComputer } from './secondary-site.js';
import { call } from './test-device.js';

describe('a primary site and the central site above it, each with its own servers', () => {
  const sealingKey = randomBytes(32).toString('base64url');
  let servers: TestServers[];
  let central: PolicyUnderTest;
  let primary: PolicyUnderTest;
  let secondary: PolicyUnderTest | undefined;
  let cable: TcpProxy | undefined;

  const ask = async (
    at: PolicyUnderTest,
    method: string,
    path: string,
    body?: unknown,
    token: string | null = at.token,
  ) => {
    const response = await fetch(`${at.base}/api/v1${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const places = async (at: PolicyUnderTest) => {
    const { body } = await ask(at, 'GET', '/sites');
    return Object.fromEntries(
      (body as unknown as SiteList).items.map(({ code, parent, relation, revoked }) => [
        code,
        `${parent} ${relation}${revoked ? ' revoked' : ''}`,
      ]),
    );
  };
  const makeToken = async (code = 'PR1', kind = 'primary') =>
    (await ask(central, 'POST', '/hierarchy/tokens', { code, kind })).body['token'] as string;
  const join = (token: string, parent = central.base) => ask(primary, 'POST', '/hierarchy/join', { parent, token });
  const linkKeyOf = (one: TestServers) => new LinkKey(readFileSync(`${one.site.layout.keys}/link-key.pem`, 'utf8'));
  /** How many buses of other sites are connected; undefined while the bus is started again. */
  const leaves = () =>
    fetch(`http://127.0.0.1:${servers[0]!.site.ports['nats-monitor']}/leafz`).then(
      async (response) => ((await response.json()) as { leafnodes: number }).leafnodes,
      () => undefined,
    );
  /** What monitoring is told of the links of the central site. */
  const watched = async () => {
    const { text } = await call(central.base, '/metrics', { token: central.token });
    return text
      .split('\n')
      .filter((line) => line.startsWith('muster_link'))
      .join('\n');
  };
  const audited = async () =>
    (await servers[0]!.dump('policy'))
      .split('\n')
      .filter((line) => line.startsWith('policy.audit_entry'))
      .join('\n');

  beforeAll(async () => {
    servers = [
      await startServers({ siteCode: 'CEN', store: false }),
      await startServers({ siteCode: 'PR1', store: false }),
    ];
    central = await PolicyUnderTest.start(servers[0]!, { MUSTER_SITE_KIND: 'central', MUSTER_SEALING_KEY: sealingKey });
    primary = await PolicyUnderTest.start(servers[1]!, { MUSTER_SEALING_KEY: sealingKey });
  });

  afterAll(async () => {
    await secondary?.stop();
    await cable?.close();
    await primary?.stop();
    await central?.stop();
    await Promise.all((servers ?? []).map((one) => one.stop()));
  });

  it('stand alone at first, and let nobody look without a token', async () => {
    expect(await places(central)).toEqual({ CEN: 'null self' });
    expect(await places(primary)).toEqual({ PR1: 'null self' });
    for (const [method, path] of [
      ['GET', '/sites'],
      ['POST', '/sites/PR1/revoke'],
      ['POST', '/hierarchy/join'],
      ['GET', '/hierarchy/conflicts'],
    ] as const)
      expect((await ask(central, method, path, method === 'POST' ? {} : undefined, null)).status).toBe(401);
  });

  it.each([
    ['hierarchy.parent-address', 'http://192.0.2.1', 400],
    ['hierarchy.parent-address', 'https://central.example/elsewhere', 400],
    ['hierarchy.parent-address', 'file:///etc/passwd', 400],
    ['hierarchy.parent-unreachable', 'http://127.0.0.1:1', 503],
  ])('is refused with %s for a parent at %s', async (code, parent, status) => {
    expect(await join(`msj_${'a'.repeat(43)}.${'b'.repeat(43)}`, parent)).toMatchObject({ status, body: { code } });
  });

  it('says nothing of what answers at an address that is no site', async () => {
    const { status, body } = await join(
      `msj_${'a'.repeat(43)}.${'b'.repeat(43)}`,
      `http://127.0.0.1:${servers[1]!.site.ports['nats-monitor']}`,
    );
    expect([status, body['code']]).toEqual([503, 'hierarchy.parent-unreachable']);
    expect(JSON.stringify(body)).not.toContain('page not found');
  });

  it('is refused with a token that is none, unknown, for another site, or not good for its kind, place, or key', async () => {
    expect((await join('text')).body['code']).toBe('hierarchy.bad-token');
    const token = await makeToken();
    const thumbprint = token.split('.')[1];
    expect((await join(`msj_${'a'.repeat(43)}.${thumbprint}`)).body['code']).toBe('hierarchy.unknown-token');
    // Whoever answers must be who made the token.
    const child = linkKeyOf(servers[1]!);
    const claims = {
      code: 'PR1',
      kind: 'primary' as const,
      publicKey: child.publicKey,
      sealingKey: 'x'.repeat(43),
      below: [],
    };
    const present = (request: object) => ask(central, 'POST', '/hierarchy/joins', request, null);
    const forged = { ...signJoinRequest(claims, token, child), code: 'PR2' };
    expect((await present(forged)).body['code']).toBe('hierarchy.wrong-proof');
    expect((await present(signJoinRequest(claims, token, child))).body).toMatchObject({
      code: 'hierarchy.other-sealing-key',
      detail: expect.stringContaining('--sealing-key'),
    });
    expect((await present(signJoinRequest({ ...claims, kind: 'secondary' }, token, child))).body['code']).toBe(
      'hierarchy.wrong-kind',
    );
    expect((await join(await makeToken('PR2'))).body['code']).toBe('hierarchy.wrong-code');
    expect((await ask(central, 'POST', '/hierarchy/tokens', { code: 'SE1', kind: 'secondary' })).body['code']).toBe(
      'hierarchy.wrong-place',
    );
    const { body } = await ask(central, 'GET', '/hierarchy/tokens');
    const [{ uid } = { uid: '' }] = (body['items'] as { uid: string; code: string }[]).filter(
      ({ code }) => code === 'PR2',
    );
    expect((await ask(central, 'DELETE', `/hierarchy/tokens/${uid}`)).body['revokedAt']).not.toBeNull();
  });

  it('joins once with its token, and both know each other, and their buses are connected', async () => {
    expect(await places(primary)).toEqual({ PR1: 'null self' });
    const token = await makeToken();
    expect(await join(token)).toMatchObject({ status: 200, body: { code: 'PR1', parent: 'CEN', kind: 'primary' } });
    expect(await join(token)).toMatchObject({ status: 200, body: { code: 'PR1', parent: 'CEN' } });
    expect(await places(central)).toEqual({ CEN: 'null self', PR1: 'CEN child' });
    expect(await places(primary)).toEqual({ CEN: 'null parent', PR1: 'CEN self' });
    await until(async () => (await leaves()) === 1);
    const other = linkKeyOf(servers[0]!);
    const claims = {
      code: 'PR1',
      kind: 'primary' as const,
      publicKey: other.publicKey,
      sealingKey: 'x'.repeat(43),
      below: [],
    };
    const stolen = await ask(central, 'POST', '/hierarchy/joins', signJoinRequest(claims, token, other), null);
    expect(stolen.body['code']).toBe('hierarchy.used-token');
    // The parent that it has says itself what is wrong with a token; another address is another parent.
    const wrong = `msj_${'a'.repeat(43)}.${'b'.repeat(43)}`;
    expect((await join(wrong)).body['code']).toBe('hierarchy.unknown-token');
    expect((await join(wrong, 'http://127.0.0.1:1')).body['code']).toBe('hierarchy.has-parent');
    const links = JSON.parse(readFileSync(siteLayout(servers[0]!.site.layout.root).busLinks, 'utf8')) as {
      children: { password: string }[];
    };
    for (const one of servers) {
      const kept = await one.dump('policy');
      expect(kept).not.toContain(token);
      expect(kept).not.toContain(links.children[0]?.password);
    }
  });

  it('says that its services do not say how the link is, when they do not', async () => {
    const { body } = await ask(central, 'GET', '/sites/PR1');
    expect((body as unknown as SiteView).link).toMatchObject({ state: 'unanswered', succeededAt: null });
    expect((await ask(central, 'GET', '/sites/XXX')).body['code']).toBe('hierarchy.no-such-site');
    expect((await ask(central, 'POST', '/hierarchy/verify', { peer: 'CEN' })).body['code']).toBe(
      'hierarchy.not-a-neighbour',
    );
  });

  it('answers the same over gRPC', async () => {
    const client = grpcClient('policy', 'HierarchyService', central.grpcAddress, central.token);
    const { sites } = await client.call<{ sites: object }>('ListSites', {});
    client.close();
    expect(JSON.stringify(sites)).toContain('PR1');
  });

  it('hears of a sister that joins after it, and of her end, from the site above', async () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const sister = new LinkKey(pem);
    const sealing = new SiteSealing(new SiteKey(pem), undefined, [Buffer.from(sealingKey, 'base64url')]);
    const claims = {
      code: 'PR3',
      kind: 'primary' as const,
      publicKey: sister.publicKey,
      sealingKey: sealingKeyId(sealing.publicKey),
      below: [{ code: 'SE3', kind: 'secondary' as const, parent: 'PR3' }],
    };
    const request = signJoinRequest(claims, await makeToken('PR3'), sister);
    expect((await ask(central, 'POST', '/hierarchy/joins', request, null)).status).toBe(200);
    expect(await places(central)).toMatchObject({ PR3: 'CEN child', SE3: 'PR3 other' });
    await until(async () => (await places(primary))['PR3'] === 'CEN other');
    await ask(central, 'POST', '/sites/PR3/revoke');
    await until(async () => (await places(primary))['PR3'] === 'CEN other revoked');
    expect((await servers[1]!.dump('policy')).includes(sister.publicKey.x)).toBe(false);
  });

  it('has a secondary site below, which hands on what computers ask, offers its own points first, and says when the link is cut', async () => {
    const own = await startServers({ siteCode: 'SE1', store: false });
    servers.push(own);
    secondary = await PolicyUnderTest.start(own, { MUSTER_SITE_KIND: 'secondary', MUSTER_SEALING_KEY: sealingKey });
    const far = await FarComputer.make(primary, secondary);
    const { device } = far;
    expect(await device.enrol(await primary.enrolmentToken())).toMatchObject({
      status: 503,
      body: { code: 'hierarchy.not-joined' },
    });
    expect((await ask(secondary, 'POST', '/enrolment-tokens', {})).body['code']).toBe('enrolment.at-primary');
    cable = await TcpProxy.open(await freePort(), Number(new URL(primary.base).port));
    const { body } = await ask(primary, 'POST', '/hierarchy/tokens', { code: 'SE1', kind: 'secondary' });
    const parent = `http://127.0.0.1:${cable.port}`;
    expect((await ask(secondary, 'POST', '/hierarchy/join', { parent, token: body['token'] })).status).toBe(200);
    await far.enrol('PR1');
    // The primary site knows the computer and signs for it; nobody else does.
    expect(await device.policy()).toMatchObject({ site: 'PR1', deviceUid: device.uid, assignments: [] });
    expect((await device.get('/policy', { authorization: 'Bearer eyforged' })).status).toBe(401);
    const wokenUp = await far.listen();
    const { manifest, faults } = await far.deploy();
    await until(wokenUp);
    await until(async () => (await device.policy()).assignments.length === 1);
    const etag = (await device.get('/policy')).headers.get('etag') ?? '';
    expect((await device.get('/policy', { 'if-none-match': etag })).status).toBe(304);

    const digest = (await device.policy()).assignments[0]?.body ?? '';
    const bodies = [await device.get(`/bodies/${digest}`), await device.get(`/bodies/${digest}`)];
    expect(bodies.map(({ status, text }) => [status, digestOfBytes(Buffer.from(text))])).toEqual([
      [200, digest],
      [200, digest],
    ]);
    expect([await far.bodiesAnswered(200), await far.bodiesAnswered(304)]).toEqual([1, 1]);
    const stranger = await primary.device('PR1');
    const theirs = await call(secondary.base, `/api/v1/agent/bodies/${digest}`, { token: stranger.accessToken });
    expect([theirs.status, theirs.body['code']]).toEqual([404, 'policy.unknown-body']);

    const locate = async () =>
      JSON.stringify((await device.post('/content-locations', { manifest })).body['locations']);
    expect(await locate()).toContain('http://far');
    // The bus of a site is started again when it joins: until then only the points of the primary site are told.
    await until(async () =>
      /"urls":\["http:..near","http:..far"\],"points":\["se1-local","local"\]/.test(await locate()),
    );
    const bad = ['se1-local', 'local'].map((point) => ({ manifest, digest: manifest, point, problem: 'missing' }));
    expect((await device.post('/content-faults', { faults: bad })).status).toBe(202);
    expect(faults.sort()).toEqual(['local far', 'local near', 'se1-local far']);

    cable.cut();
    const refused = await device.get('/policy');
    expect([refused.status, refused.body['code'], refused.headers.get('retry-after')]).toEqual([
      503,
      'hierarchy.primary-unreachable',
      '1',
    ]);
    cable.heal();
    expect((await device.get('/policy', { 'if-none-match': etag })).status).toBe(304);
    expect((await own.dump('policy')).includes(device.uid)).toBe(false);
  });

  it('is out when it is revoked, keeps working alone, and comes back with a new token only', async () => {
    expect((await ask(central, 'POST', '/sites/CEN/revoke')).body['code']).toBe('hierarchy.not-below');
    await until(async () => /muster_link_failed_attempts\{.*peer="PR1".*\} 0$/m.test(await watched()));
    expect(await ask(central, 'POST', '/sites/PR1/revoke')).toMatchObject({
      status: 200,
      body: { revoked: true, link: null },
    });
    expect((await ask(central, 'POST', '/sites/PR1/revoke')).status).toBe(200);
    await until(async () => (await leaves()) === 0);
    expect(await watched()).not.toContain('PR1');
    expect(await places(primary)).toMatchObject({ CEN: 'null parent', PR1: 'CEN self' });
    const again = await makeToken();
    expect((await join(again)).status).toBe(200);
    expect(await places(central)).toMatchObject({ CEN: 'null self', PR1: 'CEN child' });
    await until(async () => (await leaves()) === 1);
    const deeds = await audited();
    expect(deeds.match(/site:PR1/g)?.length).toBeGreaterThanOrEqual(2);
    expect(deeds).toMatch(/revoked,Site,PR1/);
  });
});
