import { canonicalJson } from '@muster/contracts/digest.js';
import { SEALING, type SealingKey } from '@muster/contracts/sealing.js';
import { createHash, type KeyObject } from 'node:crypto';
import { compactDecrypt, CompactEncrypt, decodeProtectedHeader, importJWK } from 'jose';

/** RFC 7638: what names a sealing key in the header of everything that is sealed to it. */
export function sealingKeyId({ crv, kty, x }: SealingKey): string {
  return createHash('sha256').update(canonicalJson({ crv, kty, x })).digest('base64url');
}

/** A JSON value as compact JWE that only the holder of the key's other half opens; no two are the same. */
export async function seal(value: unknown, key: SealingKey): Promise<string> {
  const recipient = await importJWK({ ...key }, SEALING.alg);
  return new CompactEncrypt(Buffer.from(JSON.stringify(value), 'utf8'))
    .setProtectedHeader({ ...SEALING, kid: sealingKeyId(key) })
    .encrypt(recipient);
}

/** The id of the key that opens a sealed text; undefined when it is none of ours. */
export function keyIdOf(sealed: string): string | undefined {
  try {
    return decodeProtectedHeader(sealed).kid;
  } catch {
    return undefined;
  }
}

/** The JSON value inside. Throws what the library throws: the text was changed, or is for another key. */
export async function unseal(sealed: string, privateKey: KeyObject): Promise<unknown> {
  const { plaintext } = await compactDecrypt(sealed, privateKey, {
    keyManagementAlgorithms: [SEALING.alg],
    contentEncryptionAlgorithms: [SEALING.enc],
  });
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext)) as unknown;
}
