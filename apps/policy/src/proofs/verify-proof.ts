import { createPublicKey, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { PublicKey } from '@muster/contracts/agent/enrolment.js';

const verifyAside = promisify(verify) as (
  algorithm: null,
  data: Buffer,
  key: ReturnType<typeof createPublicKey>,
  signature: Buffer,
) => Promise<boolean>;

/**
 * The payload of a compact JWS (RFC 7515) that an Ed25519 key signed (RFC 8037); undefined: it is none, or not by this key. By hand and beside
 * the event loop, because every device that comes back proves its key here: a library that goes through WebCrypto takes three times as long.
 * There is one algorithm and no choice, and a header that asks to be understood (`crit`) is not.
 */
export async function verifyProof(jws: string, publicKey: PublicKey): Promise<Buffer | undefined> {
  const [header = '', payload = '', signature = '', ...rest] = jws.split('.');
  if (rest.length > 0 || !isEdDsa(header)) return undefined;
  const bytes = Buffer.from(signature, 'base64url');
  if (bytes.length !== 64) return undefined;
  try {
    const key = createPublicKey(asPem(publicKey));
    const good = await verifyAside(null, Buffer.from(`${header}.${payload}`), key, bytes);
    return good ? Buffer.from(payload, 'base64url') : undefined;
  } catch {
    // A key that is no point of the curve.
    return undefined;
  }
}

/** Everything of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410) before its 32 bytes, in base64. */
const SPKI_HEADER = 'MCowBQYDK2VwAyEA';

/** Node reads PEM four times as fast as a JWK. */
function asPem({ x }: PublicKey): string {
  const bytes = Buffer.from(x, 'base64url').toString('base64');
  return `-----BEGIN PUBLIC KEY-----\n${SPKI_HEADER}${bytes}\n-----END PUBLIC KEY-----\n`;
}

function isEdDsa(header: string): boolean {
  try {
    const told = JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as Record<string, unknown> | null;
    return told?.['alg'] === 'EdDSA' && !('crit' in told);
  } catch {
    return false;
  }
}
