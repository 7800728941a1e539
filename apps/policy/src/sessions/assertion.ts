import type { PublicKey } from '@muster/contracts/agent/enrolment.js';
import { uidSchema } from '@muster/contracts/resource.js';
import { sealingKeySchema, type SealingKey } from '@muster/contracts/sealing.js';
import { MusterError } from '@muster/platform/errors.js';
import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { verifyProof } from '../proofs/verify-proof.js';

/** The longest life of an assertion. */
export const MOST_SECONDS = 120;
/** How far a device's clock may be off. */
export const SKEW_SECONDS = 60;

const claimsSchema = z.object({
  iss: uidSchema,
  aud: z.string(),
  jti: z.string().min(8).max(200),
  iat: z.number(),
  exp: z.number(),
  sealingKey: sealingKeySchema.optional(),
  hardware: z.string().max(100).optional(),
});

export type AssertionClaims = z.infer<typeof claimsSchema>;

/**
 * What an assertion claims, before anything of it is proven.
 *
 * @throws MusterError `session.malformed-assertion`
 */
export function readAssertion(assertion: string): AssertionClaims {
  let claims: unknown;
  try {
    claims = decodeJwt(assertion);
  } catch {
    claims = undefined;
  }
  const result = claimsSchema.safeParse(claims);
  if (result.success) return result.data;
  throw refused(
    'malformed-assertion',
    'The assertion must be a JWT with iss (device uid), aud, jti (8 to 200 characters), iat, exp, and sealingKey (an X25519 key) and hardware (smbios:<uuid>) if the device has one',
  );
}

/**
 * Proves that the device's key made the assertion.
 *
 * @throws MusterError `session.wrong-proof`
 */
export async function verifyAssertion(assertion: string, publicKey: PublicKey): Promise<void> {
  if ((await verifyProof(assertion, publicKey)) === undefined)
    throw refused('wrong-proof', 'The assertion is not signed (EdDSA) by the key that this device enrolled with');
}

/**
 * Refuses a key to which nothing can be sealed: a point of small order, whose shared secret everybody knows.
 *
 * @throws MusterError `session.weak-sealing-key`
 */
export function judgeSealingKey(key: SealingKey): void {
  try {
    const { privateKey } = generateKeyPairSync('x25519');
    diffieHellman({ privateKey, publicKey: createPublicKey({ key: { ...key }, format: 'jwk' }) });
  } catch {
    throw refused('weak-sealing-key', 'The sealingKey is no key that secrets can be sealed to: make a new X25519 key');
  }
}

/**
 * Judges audience and times; call it with proven claims.
 *
 * @throws MusterError `session.wrong-audience`, `session.too-long`, `session.clock-skew`
 */
export function judgeClaims(claims: AssertionClaims, site: string, now: Date): void {
  if (claims.aud !== `muster:${site}`)
    throw refused('wrong-audience', `The assertion is for "${claims.aud.slice(0, 100)}", this is "muster:${site}"`);
  if (claims.exp <= claims.iat || claims.exp - claims.iat > MOST_SECONDS)
    throw refused('too-long', `The assertion must live between 1 and ${MOST_SECONDS} seconds (exp - iat)`);
  const seconds = now.getTime() / 1000;
  const early = claims.iat - seconds;
  const late = seconds - claims.exp;
  if (early <= SKEW_SECONDS && late <= SKEW_SECONDS) return;
  throw refused(
    'clock-skew',
    `The assertion is good from ${instant(claims.iat)} to ${instant(claims.exp)} by the device's clock; here it is ${now.toISOString()}, ` +
      `${Math.round(Math.max(early, late))} seconds off. At most ${SKEW_SECONDS} are tolerated: set the device's clock`,
  );
}

function instant(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}

function refused(code: string, message: string): MusterError {
  return new MusterError('unauthenticated', `session.${code}`, message);
}
