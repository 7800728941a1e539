import type { PublicKey } from '@muster/contracts/agent/enrolment.js';
import { CompactSign, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { sha256Hex } from '../tokens/secret.js';
import { checkEnrolmentProof } from './enrolment-proof.js';

const token = 'mse_x.y';
const claims = { tokenSha256: sha256Hex(token), name: 'computer', iat: 1 };

async function keyPair(): Promise<{ privateKey: CryptoKey; publicKey: PublicKey }> {
  const pair = await generateKeyPair('EdDSA', { extractable: true });
  const { x } = await exportJWK(pair.publicKey);
  return { privateKey: pair.privateKey, publicKey: { kty: 'OKP', crv: 'Ed25519', x: x ?? '' } };
}

async function signed(key: CryptoKey, payload: unknown): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader({ alg: 'EdDSA' }).sign(key);
}

describe('checkEnrolmentProof', () => {
  it('accepts a proof by the key for this token and this name', async () => {
    const { privateKey, publicKey } = await keyPair();
    const proof = await signed(privateKey, claims);
    await expect(checkEnrolmentProof({ token, name: 'computer', publicKey, proof })).resolves.toBeUndefined();
  });

  it('refuses a proof by another key, for another token, for another name, and what is no proof', async () => {
    const { privateKey, publicKey } = await keyPair();
    const other = await keyPair();
    const proofs = [
      await signed(other.privateKey, claims),
      await signed(privateKey, { ...claims, tokenSha256: sha256Hex('another') }),
      await signed(privateKey, { ...claims, name: 'another' }),
      await signed(privateKey, 'text'),
      await signed(privateKey, {}),
      'a.b.c',
      '',
    ];
    for (const proof of proofs) {
      await expect(checkEnrolmentProof({ token, name: 'computer', publicKey, proof })).rejects.toMatchObject({
        category: 'unauthenticated',
        code: 'enrolment.wrong-proof',
      });
    }
  });

  it('refuses a public key that is no point of the curve', async () => {
    const { privateKey } = await keyPair();
    const publicKey: PublicKey = { kty: 'OKP', crv: 'Ed25519', x: '_'.repeat(43) };
    const proof = await signed(privateKey, claims);
    await expect(checkEnrolmentProof({ token, name: 'computer', publicKey, proof })).rejects.toMatchObject({
      code: 'enrolment.wrong-proof',
    });
  });
});
