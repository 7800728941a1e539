import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { publicKeySchema } from '@muster/contracts/agent/enrolment.js';
import { canonicalJson, digestOfBytes } from '@muster/contracts/digest.js';
import { calculateJwkThumbprint, CompactSign } from 'jose';
import { describeError } from '../identity/agent-error.js';
import { type PolicyTrust, verifyBody, verifyPolicy } from './verify-policy.js';

const deviceUid = '0193e7a0-0000-7000-8000-000000000001';

async function makeSite(): Promise<{ privateKey: KeyObject; kid: string; trust: PolicyTrust }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { kty, crv, x } = publicKey.export({ format: 'jwk' });
  const signingKey = publicKeySchema.parse({ kty, crv, x });
  return { privateKey, kid: await calculateJwkThumbprint(signingKey), trust: { deviceUid, site: 'tst', signingKey } };
}

const policy = {
  version: 1,
  site: 'tst',
  deviceUid,
  serial: 7,
  issuedAt: '2026-11-01T00:00:00Z',
  pollSeconds: 60,
  assignments: [],
};

const sign = (payload: unknown, privateKey: KeyObject, kid: string): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader({ alg: 'EdDSA', kid }).sign(privateKey);

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => describeError(error).code,
  );

describe('a policy', () => {
  it('is taken when the pinned site signed it for this device, also with a field of a newer site', async () => {
    const { privateKey, kid, trust } = await makeSite();
    const jws = await sign({ ...policy, futureField: { any: 1 } }, privateKey, kid);
    await expect(verifyPolicy(jws, trust, 7)).resolves.toEqual(policy);
  });

  it('is refused when another key signed it, even under the name of the right one', async () => {
    const { kid, trust } = await makeSite();
    const stranger = await makeSite();
    expect(await codeOf(verifyPolicy(await sign(policy, stranger.privateKey, kid), trust, undefined))).toBe(
      'policy.signature-invalid',
    );
    expect(await codeOf(verifyPolicy(await sign(policy, stranger.privateKey, stranger.kid), trust, undefined))).toBe(
      'policy.signature-invalid',
    );
  });

  it('is refused when it names no key', async () => {
    const { privateKey, trust } = await makeSite();
    const jws = await new CompactSign(Buffer.from(JSON.stringify(policy)))
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(privateKey);
    expect(await codeOf(verifyPolicy(jws, trust, undefined))).toBe('policy.signature-invalid');
  });

  it.each(['none', 'HS256'])('is refused with algorithm %s', async (alg) => {
    const { trust, kid } = await makeSite();
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${encode({ alg, kid })}.${encode(policy)}.`;
    expect(await codeOf(verifyPolicy(unsigned, trust, undefined))).toBe('policy.signature-invalid');
    expect(await codeOf(verifyPolicy(`${unsigned}AAAA`, trust, undefined))).toBe('policy.signature-invalid');
  });

  it('is refused when its payload was changed after signing', async () => {
    const { privateKey, kid, trust } = await makeSite();
    const [header, , signature] = (await sign(policy, privateKey, kid)).split('.');
    const changed = Buffer.from(JSON.stringify({ ...policy, serial: 8 })).toString('base64url');
    expect(await codeOf(verifyPolicy(`${header}.${changed}.${signature}`, trust, undefined))).toBe(
      'policy.signature-invalid',
    );
  });

  it.each(['', 'x', 'a.b.c', '..'])('is refused when it is no JWS: %j', async (text) => {
    const { trust } = await makeSite();
    expect(await codeOf(verifyPolicy(text, trust, undefined))).toBe('policy.signature-invalid');
  });

  it.each([
    ['policy.wrong-device', { deviceUid: '0193e7a0-0000-7000-8000-000000000002' }],
    ['policy.wrong-site', { site: 'other' }],
    ['policy.invalid', { version: 2 }],
    ['policy.invalid', { pollSeconds: 0 }],
    ['policy.replayed', { serial: 6 }],
  ])('is refused with %s for %j', async (code, difference) => {
    const { privateKey, kid, trust } = await makeSite();
    expect(await codeOf(verifyPolicy(await sign({ ...policy, ...difference }, privateKey, kid), trust, 7))).toBe(code);
  });
});

describe('a policy body', () => {
  const body = {
    version: 1,
    sequence: { name: 'demo', digest: digestOfBytes('x'), spec: { steps: [] } },
    packages: {},
  };

  it('is taken when its exact bytes have the digest', () => {
    const text = canonicalJson({ ...body, futureField: 1 });
    expect(verifyBody(Buffer.from(text), digestOfBytes(text))).toEqual(body);
  });

  it('is refused when one byte differs, though it means the same', () => {
    const text = canonicalJson(body);
    expect(() => verifyBody(Buffer.from(`${text} `), digestOfBytes(text))).toThrow(
      expect.objectContaining({ code: 'policy.body-digest-mismatch' }),
    );
  });

  it('is refused when its sequence has a field this agent does not know, which could change what is done', () => {
    const text = canonicalJson({ ...body, sequence: { ...body.sequence, spec: { steps: [], runAs: 'nobody' } } });
    expect(() => verifyBody(Buffer.from(text), digestOfBytes(text))).toThrow(
      expect.objectContaining({ code: 'policy.body-invalid' }),
    );
  });

  it('brings child sequences, of which the same is true', () => {
    const child = { digest: digestOfBytes('y'), spec: { steps: [] } };
    const text = canonicalJson({ ...body, children: { child: { ...child, futureField: 1 } } });
    expect(verifyBody(Buffer.from(text), digestOfBytes(text))).toEqual({ ...body, children: { child } });
    const strange = { child: { ...child, spec: { steps: [], runAs: 'nobody' } } };
    const refused = canonicalJson({ ...body, children: strange });
    expect(() => verifyBody(Buffer.from(refused), digestOfBytes(refused))).toThrow(
      expect.objectContaining({ code: 'policy.body-invalid' }),
    );
  });
});
