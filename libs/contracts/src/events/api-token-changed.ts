import { z } from 'zod';
import { uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

export const apiTokenSchema = z.object({
  uid: uidSchema,
  name: z.string(),
  /** SHA-256 of the whole token, in hex. Tokens have 256 bits of entropy, so a fast hash is enough. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
});

export type ApiTokenRecord = z.infer<typeof apiTokenSchema>;

/** A token of a person or a program was made or revoked. Each service keeps its own copy, so that it can authenticate alone. */
export const apiTokenChanged = defineEvent('policy', 'api-token-changed', apiTokenSchema);
