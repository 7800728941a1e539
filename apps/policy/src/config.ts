import { createPrivateKey } from 'node:crypto';
import { serviceConfigSchema } from '@muster/platform/config.js';
import { z } from 'zod';
import { pemsOf } from './site-key/site-key.js';

/** Settings of the policy service. */
export const policyConfigSchema = serviceConfigSchema.extend({
  /** The site's signing key; give it by file: MUSTER_SITE_KEY_FILE. Of several the last one signs, and those before vouch for it. */
  MUSTER_SITE_KEY: z
    .string()
    .refine(
      (text) => pemsOf(text).every(isEd25519PrivateKey),
      'an Ed25519 private key is expected, as PKCS #8 in PEM; several behind each other',
    ),
  /** SHA-256 of the first administrator's token. Another value at the next start revokes the token before. */
  MUSTER_ADMIN_TOKEN_SHA256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'the SHA-256 of a token: 64 lower-case hex digits')
    .optional(),
  /** How often agents ask for policy. */
  MUSTER_POLL_SECONDS: z.coerce.number().int().min(1).max(86_400).default(3600),
  /** Devices that may hold a connection to this process open, to be told of new policy; all others poll. */
  MUSTER_WAKE_UP_CONNECTIONS: z.coerce.number().int().min(0).max(1_000_000).default(20_000),
  /** Who approves computers that enrol: nobody has to, the token says, or somebody does by hand, whatever the token says. */
  MUSTER_ENROLMENT_APPROVAL: z.enum(['automatic', 'token', 'manual']).default('token'),
  /** When devices were last heard of is told this often, for all of them together. */
  MUSTER_SEEN_SECONDS: z.coerce.number().int().min(1).max(3600).default(60),
  /** What this site is for; counts until it has joined another site, or another one has joined it. */
  MUSTER_SITE_KIND: z.enum(['central', 'primary', 'secondary']).default('primary'),
  /**
   * The keys to which the secrets of a whole hierarchy are sealed: 32 random bytes in base64url each, separated by commas. Secrets
   * are sealed to the last one and opened by each, so that a site may change over. Default: a key that follows from the site's own.
   */
  MUSTER_SEALING_KEY: z
    .string()
    .regex(
      /^[A-Za-z0-9_-]{43}(,[A-Za-z0-9_-]{43})*$/,
      '32 bytes as 43 characters of base64url; several separated by commas',
    )
    .transform((text) => text.split(',').map((seed) => Buffer.from(seed, 'base64url')))
    .optional(),
  /** HOST:PORT where the buses of sites below connect to that of this one, if they are told by this service. */
  MUSTER_LEAF_ADDRESS: z
    .string()
    .regex(/^[A-Za-z0-9.-]+:\d{1,5}$/, 'HOST:PORT')
    .transform((text) => ({ host: text.split(':')[0] ?? '', port: Number(text.split(':')[1]) }))
    .optional(),
  /** File that tells whoever runs the bus on this machine which other buses it is connected to. */
  MUSTER_BUS_LINKS_FILE: z.string().min(1).optional(),
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
