import { generateKeyPairSync, sign } from 'node:crypto';
import type { PublicKey } from '@muster/contracts/agent/enrolment.js';
import { verifyProof } from './verify-proof.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const key = publicKey.export({ format: 'jwk' }) as unknown as PublicKey;
const text = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed(header: unknown, payload: unknown = { jti: 'one' }): string {
  const input = `${text(header)}.${text(payload)}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

const good = signed({ alg: 'EdDSA' });
const [header, payload, signature] = good.split('.') as [string, string, string];

describe('verifyProof', () => {
  it('answers what the key signed', async () => {
    expect((await verifyProof(good, key))?.toString('utf8')).toBe('{"jti":"one"}');
  });

  it.each([
    ['another payload', `${header}.${text({ jti: 'two' })}.${signature}`],
    ['another header', `${text({ alg: 'EdDSA', typ: 'x' })}.${payload}.${signature}`],
    ['no signature', `${header}.${payload}.`],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${good}.x`],
    ['a cut signature', good.slice(0, -4)],
    ['alg none', signed({ alg: 'none' })],
    ['another algorithm', signed({ alg: 'HS256' })],
    ['a header that must be understood', signed({ alg: 'EdDSA', crit: ['b64'], b64: false })],
    ['a header that is null', signed(null)],
    ['nothing', ''],
  ])('takes nothing with %s', async (_what, jws) => {
    expect(await verifyProof(jws, key)).toBeUndefined();
  });

  it('takes nothing by a key that is no point of the curve', async () => {
    expect(await verifyProof(good, { ...key, x: '_'.repeat(43) })).toBeUndefined();
  });
});
