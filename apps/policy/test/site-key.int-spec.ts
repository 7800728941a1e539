import { generateKeyPairSync } from 'node:crypto';
import { siteKeyNewsSchema, siteKeyVoucherSchema } from '@muster/contracts/agent/site-key.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import { SiteKey } from '../src/site-key/site-key.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call } from './test-device.js';

const newPem = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('another signing key of a site', () => {
  let servers: TestServers;
  let policy: PolicyUnderTest;
  const first = newPem();

  beforeAll(async () => {
    servers = await startServers();
    policy = await PolicyUnderTest.start(servers, { MUSTER_SITE_KEY: first });
  });

  afterAll(async () => {
    await policy?.stop();
    await servers?.stop();
  });

  it('signs policy, is told to devices with what the ones before say of it, and makes what was told be told anew', async () => {
    const device = await policy.device();
    const before = (await device.get('/policy')).headers.get('etag') ?? '';
    expect((await device.get('/policy', { 'If-None-Match': before })).status).toBe(304);
    const pems = [first, newPem(), newPem()];
    const renewed = await policy.replica({ MUSTER_SITE_KEY: pems.join('') });
    try {
      // Sessions are secured by the key: a token that the old one made is no good any more.
      const old = { token: device.accessToken };
      expect((await call(renewed.base, '/api/v1/agent/policy', old)).status).toBe(401);
      const session = await call(renewed.base, '/api/v1/agent/sessions', {
        json: { assertion: await device.assertion() },
      });
      const token = session.body['accessToken'] ?? '';
      const headers = { 'If-None-Match': before };
      const told = await call(renewed.base, '/api/v1/agent/policy', { token, headers });
      expect(told.status).toBe(200);
      const [key, ...former] = pems.toReversed().map((pem) => new SiteKey(pem)) as [SiteKey, ...SiteKey[]];
      expect(decodeProtectedHeader(told.body['policy'] ?? '').kid).toBe(key.thumbprint);
      const answer = await call(renewed.base, '/api/v1/agent/site-key', { token });
      const { publicKey, vouchers } = siteKeyNewsSchema.parse(answer.body);
      expect(publicKey).toEqual(key.publicKey);
      expect(vouchers).toHaveLength(2);
      for (const [index, one] of former.toReversed().entries()) {
        const { payload } = await compactVerify(vouchers[index] ?? '', await importJWK(one.publicKey, 'EdDSA'));
        expect(siteKeyVoucherSchema.parse(JSON.parse(new TextDecoder().decode(payload)))).toEqual({
          site: 'S01',
          siteKey: publicKey,
        });
      }
      expect((await call(renewed.base, '/api/v1/agent/site-key')).status).toBe(401);
      expect((await call(renewed.base, '/api/v1/agent/site-key', { token: policy.token })).status).toBe(401);
      const again = await call(renewed.base, '/api/v1/agent/policy', {
        token,
        headers: { 'If-None-Match': told.headers.get('etag') ?? '' },
      });
      expect(again.status).toBe(304);
    } finally {
      await renewed.stop();
    }
  });

  it('kills enrolment tokens that name the one before', async () => {
    const open = await policy.enrolmentToken();
    const renewed = await policy.replica({ MUSTER_SITE_KEY: `${first}${newPem()}` });
    try {
      const device = await policy.device();
      const answer = await call(renewed.base, '/api/v1/agent/enrolments', {
        json: {
          token: open,
          name: 'late',
          publicKey: device.publicKey,
          proof: await device.prove({ tokenSha256: '', name: 'late', iat: 1 }),
          facts: {},
        },
      });
      expect(answer).toMatchObject({ status: 401, body: { code: 'enrolment.other-site' } });
    } finally {
      await renewed.stop();
    }
  });

  it('derives what was handed out for good from the first key, and everything else from the one that counts', () => {
    const [one, both] = [new SiteKey(first), new SiteKey(`${first}${newPem()}`)];
    const bytes = (key: SiteKey, how: 'deriveSecret' | 'deriveLasting') => key[how]('x').export().toString('hex');
    expect(bytes(both, 'deriveLasting')).toBe(bytes(one, 'deriveSecret'));
    expect(bytes(both, 'deriveSecret')).not.toBe(bytes(one, 'deriveSecret'));
  });
});
