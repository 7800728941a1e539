import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { SiteList, SiteView } from '@muster/contracts/hierarchy/site-views.js';
import { linkKeyAnswerSchema } from '@muster/contracts/links/link-messages.js';
import { linkUser } from '@muster/localsite/nats.js';
import { LinkBus } from '@muster/messaging/link-bus.js';
import { newsOfKey } from '@muster/replication/changed-keys.js';
import { LinkPort } from '@muster/replication/link-port.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import { freePort } from '@muster/testing/free-port.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { until } from '@muster/testing/until.js';
import { Client } from 'pg';
import { thumbprintOf } from '../src/site-key/site-key.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call } from './test-device.js';

const newPem = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Two sites with their own servers. Their policy services are told their keys anew at each start, as `muster up` does. */
describe('another link key of a site', () => {
  const settings = { MUSTER_SEALING_KEY: randomBytes(32).toString('base64url') };
  const own = {
    CEN: { ...settings, MUSTER_SITE_KEY: newPem(), MUSTER_SITE_KIND: 'central', MUSTER_LEAF_ADDRESS: '' },
    PR1: { ...settings, MUSTER_SITE_KEY: newPem() },
  };
  type Code = keyof typeof own;
  const pems: Record<Code, string[]> = { CEN: [newPem()], PR1: [newPem()] };
  const servers = {} as Record<Code, TestServers>;
  const policy = {} as Record<Code, PolicyUnderTest>;
  let cable: TcpProxy;

  const start = async (code: Code) => {
    policy[code] = await PolicyUnderTest.start(servers[code], { ...own[code], MUSTER_LINK_KEY: pems[code].join('') });
  };
  /** What `muster up --renew-link-key` does. */
  const renew = async (code: Code) => {
    await policy[code].stop();
    pems[code].push(newPem());
    await start(code);
  };
  const keyOf = (code: Code) => new LinkKey(pems[code].join(''));
  const ask = async (at: Code, path: string, json?: unknown) => {
    const { body } = await call(policy[at].base, `/api/v1${path}`, {
      token: policy[at].token,
      ...(json === undefined ? {} : { json }),
    });
    return body as unknown;
  };
  const seen = async (at: Code, code: Code): Promise<SiteView> => {
    const { items } = (await ask(at, '/sites')) as SiteList;
    const found = items.find((site) => site.code === code);
    if (!found) throw new Error(`${at} does not know ${code}`);
    return found;
  };
  const knows = async (at: Code, code: Code) => (await seen(at, code)).publicKey?.x === keyOf(code).publicKey.x;
  /** Both know the keys of both, know that the other does, and read from each other. */
  const agree = async () => {
    await until(async () => (await knows('CEN', 'PR1')) && (await knows('PR1', 'CEN')));
    await until(async () => (await seen('PR1', 'CEN')).knowsKey === keyOf('PR1').publicKey.x);
    await until(async () => (await seen('CEN', 'PR1')).knowsKey === keyOf('CEN').publicKey.x);
    const from = new Date().toISOString();
    const readSince = async (at: Code, code: Code) => {
      const link = (await seen(at, code)).link?.services.find(({ service }) => service === 'policy')?.link;
      return (link?.succeededAt ?? '') > from;
    };
    await until(async () => (await readSince('CEN', 'PR1')) && (await readSince('PR1', 'CEN')));
  };
  const inDatabase = async (at: Code, sql: string) => {
    const client = new Client({ connectionString: servers[at].environment('policy')['MUSTER_DATABASE_URL'] });
    await client.connect();
    await client.query(`set search_path to policy; ${sql}`);
    await client.end();
  };
  /** What somebody says with keys that are not, or not any more, those of PR1, from the bus of PR1. */
  const say = async (key: LinkKey) => {
    const { site } = servers.PR1;
    const { user, password } = linkUser(site.layout, 'policy');
    const url = `nats://127.0.0.1:${site.ports['nats']}`;
    const bus = await LinkBus.connect({ url, user, password, site: 'PR1', service: 'policy' });
    const central = { code: 'CEN', kind: 'central', publicKey: keyOf('CEN').publicKey, revoked: false } as const;
    const port = new LinkPort(
      bus,
      key,
      'PR1',
      () => central,
      () => undefined,
    );
    const { refused } = await port
      .ask(central, 'link-key', newsOfKey(key, 'PR1'), linkKeyAnswerSchema, 2_000, key)
      .finally(() => bus.close());
    return refused;
  };
  const renewals = async (at: Code) =>
    (await servers[at].dump('policy')).split('\n').filter((line) => /^policy.audit_entry .*renewed,Site/.test(line));

  beforeAll(async () => {
    servers.CEN = await startServers({ siteCode: 'CEN', store: false });
    servers.PR1 = await startServers({ siteCode: 'PR1', store: false });
    cable = await TcpProxy.open(await freePort(), servers.CEN.site.ports['nats-leaf']!);
    own.CEN.MUSTER_LEAF_ADDRESS = `127.0.0.1:${cable.port}`;
    await start('CEN');
    await start('PR1');
    const { token } = (await ask('CEN', '/hierarchy/tokens', { code: 'PR1', kind: 'primary' })) as { token: string };
    await ask('PR1', '/hierarchy/join', { parent: policy.CEN.base, token });
    await agree();
  });

  afterAll(async () => {
    await Promise.all(Object.values(policy).map((one) => one.stop()));
    await cable?.close();
    await Promise.all(Object.values(servers).map((one) => one.stop()));
  });

  it('is learnt by the site above, and both keep in their audit records that it is another one', async () => {
    const before = keyOf('PR1').publicKey.x;
    await renew('PR1');
    await agree();
    const { previousKeys } = await seen('CEN', 'PR1');
    expect(previousKeys).toEqual([{ x: before, until: expect.any(String) }]);
    const hour = Date.parse(previousKeys![0]!.until) - Date.now();
    expect(hour).toBeGreaterThan(50 * 60_000);
    expect(hour).toBeLessThanOrEqual(60 * 60_000);
    for (const at of ['PR1', 'CEN'] as const)
      expect(await renewals(at)).toEqual([expect.stringContaining('site:PR1,renewed,Site,PR1')]);
  });

  it('is learnt by a neighbour that was away during two changes, once the link is there, and both may change at once', async () => {
    cable.cut();
    await renew('CEN');
    await renew('CEN');
    await renew('PR1');
    expect(await knows('PR1', 'CEN')).toBe(false);
    cable.heal();
    await agree();
  });

  it('locks nobody out when the answer was lost, and the keys before count no more when the site is back', async () => {
    for (const code of ['CEN', 'PR1'] as const) {
      await renew(code);
      await agree();
    }
    // Each was killed before it kept that the other knows its key; hours went by.
    await Promise.all(Object.values(policy).map((one) => one.stop()));
    for (const [at, other] of [
      ['CEN', 'PR1'],
      ['PR1', 'CEN'],
    ] as const) {
      const past = `jsonb_build_array(jsonb_build_object('x', '${keyOf(other).former.at(-1)!.publicKey.x}', 'until', '2026-01-01T00:00:00Z'))`;
      await inDatabase(
        at,
        `update hierarchy_site set knows_key = null, previous_keys = ${past} where code = '${other}'`,
      );
    }
    await start('CEN');
    await start('PR1');
    await agree();
  });

  it('is not taken from who stole a key that was given up, nor is an old one brought back by what was said before', async () => {
    const old = pems.PR1.slice(0, -1).join('');
    expect(await say(new LinkKey(`${old}${newPem()}`))).toContain('does not vouch');
    expect(await say(new LinkKey(old))).toContain('was given up before');
    expect(await say(keyOf('PR1'))).toBeNull();
    await agree();
  });

  it('is told again to a neighbour that was restored from a backup', async () => {
    const { code, publicKey } = { code: 'PR1', publicKey: keyOf('PR1').former[0]!.publicKey };
    await policy.PR1.stop();
    await inDatabase(
      'CEN',
      `update hierarchy_site set public_key = '${JSON.stringify(publicKey)}', previous_keys = '[]' where code = '${code}'`,
    );
    await start('PR1');
    await agree();
  });

  it('makes join tokens that name the key before useless, and says so', async () => {
    const { token } = (await ask('CEN', '/hierarchy/tokens', { code: 'PR1', kind: 'primary' })) as { token: string };
    await renew('CEN');
    const join = (one: string) => ask('PR1', '/hierarchy/join', { parent: policy.CEN.base, token: one });
    expect(await join(token)).toMatchObject({
      code: 'hierarchy.outdated-token',
      detail: expect.stringContaining('CEN gave up'),
    });
    const another = (await ask('CEN', '/hierarchy/tokens', { code: 'PR1', kind: 'primary' })) as { token: string };
    expect(await join(another.token)).toMatchObject({ code: 'PR1', parent: 'CEN' });
    await agree();
  });

  it('needs no vouching for when a parent lost its keys and its child joins again', async () => {
    pems.CEN = [];
    await renew('CEN');
    const { token } = (await ask('CEN', '/hierarchy/tokens', { code: 'PR1', kind: 'primary' })) as { token: string };
    expect(await knows('PR1', 'CEN')).toBe(false);
    await ask('PR1', '/hierarchy/join', { parent: policy.CEN.base, token });
    await agree();
    // By whom: the person who used the token.
    const [deed] = (await renewals('PR1')).filter((line) => line.includes(`"${thumbprintOf(keyOf('CEN').publicKey)}"`));
    expect(deed).toContain('test,renewed,Site,CEN');
  });
});
