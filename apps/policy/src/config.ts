import { createPrivateKey } from 'node:crypto';
import { addressRangeSchema } from '@muster/contracts/address-range.js';
import { serviceConfigSchema } from '@muster/platform/config.js';
import { z } from 'zod';

/** Settings of the policy service. */
export const policyConfigSchema = serviceConfigSchema.extend({
  /** The site's signing key; give it by file: MUSTER_SITE_KEY_FILE. */
  MUSTER_SITE_KEY: z.string().refine(isEd25519PrivateKey, 'an Ed25519 private key is expected, as PKCS #8 in PEM'),
  /** SHA-256 of the first administrator's token. Another value at the next start revokes the token before. */
  MUSTER_ADMIN_TOKEN_SHA256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'the SHA-256 of a token: 64 lower-case hex digits')
    .optional(),
  /** How often agents ask for policy. */
  MUSTER_POLL_SECONDS: z.coerce.number().int().min(1).max(86_400).default(3600),
  /** Ranges of the proxies before this service: only their `X-Forwarded-For` is believed. Default: the edge on this machine. */
  MUSTER_TRUSTED_PROXIES: z
    .string()
    .default('127.0.0.0/8,::1/128')
    .transform((text) =>
      text
        .split(',')
        .map((range) => range.trim())
        .filter((range) => range !== ''),
    )
    .pipe(z.array(addressRangeSchema)),
  /** Devices that may hold a connection to this process open, to be told of new policy; all others poll. */
  MUSTER_WAKE_UP_CONNECTIONS: z.coerce.number().int().min(0).max(1_000_000).default(20_000),
  /** Who approves computers that enrol: nobody has to, the token says, or somebody does by hand, whatever the token says. */
  MUSTER_ENROLMENT_APPROVAL: z.enum(['automatic', 'token', 'manual']).default('token'),
  /** When devices were last heard of is told this often, for all of them together. */
  MUSTER_SEEN_SECONDS: z.coerce.number().int().min(1).max(3600).default(60),
  /** How long an agent's access token is good. */
  MUSTER_SESSION_MINUTES: z.coerce.number().int().min(1).max(60).default(10),
});

export type PolicyConfig = z.infer<typeof policyConfigSchema>;

function isEd25519PrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}
