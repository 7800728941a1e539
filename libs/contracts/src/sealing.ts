import { z } from 'zod';

/** The public half of an X25519 key pair (RFC 8037): whoever has the other half opens what is sealed to it. */
export const sealingKeySchema = z
  .strictObject({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })
  .meta({ id: 'SealingKey' });

export type SealingKey = z.infer<typeof sealingKeySchema>;

/** How everything is sealed: to a key made for one message (RFC 7518 section 4.6), whose holder nobody else is. */
export const SEALING = { alg: 'ECDH-ES', enc: 'A256GCM' } as const;

/** A compact JWE by `SEALING`; `kid` in its header is the RFC 7638 thumbprint of the key that opens it. */
export const sealedSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/, 'a compact JWE without encrypted key')
  .meta({ id: 'Sealed' });

/**
 * What is inside a secret that is sealed to the site: `for` says where it belongs, so that a sealed text which was moved to
 * another place opens nothing there.
 */
export const sealedSecretSchema = z.object({ for: z.string(), value: z.string() });

export type SealedSecret = z.infer<typeof sealedSecretSchema>;
