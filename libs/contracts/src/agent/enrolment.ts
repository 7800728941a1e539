import { factsSchema } from '@muster/sequence/conditions/facts-schema.js';
import { z } from 'zod';
import { nameSchema, uidSchema } from '../resource.js';

/** The public half of an Ed25519 key pair (RFC 8037). */
export const publicKeySchema = z
  .strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })
  .meta({ id: 'PublicKey' });

export type PublicKey = z.infer<typeof publicKeySchema>;

/**
 * A one-time enrolment token: `mse_<43 characters>.<thumbprint of the site's signing key>`.
 * The second half lets the agent verify the site at first contact: no trust on first use.
 */
export const ENROLMENT_TOKEN_PATTERN = /^(mse_[A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

/** POST /api/v1/agent/enrolments: the only route besides health that asks for no other proof. */
export const enrolmentRequestSchema = z
  .strictObject({
    token: z.string().max(200),
    name: nameSchema,
    publicKey: publicKeySchema,
    /** Compact JWS by the device's key over {token digest, name, iat}: it has the private half. */
    proof: z.string().max(4096),
    facts: factsSchema,
  })
  .meta({ id: 'EnrolmentRequest' });

/** Claims of `proof`. */
export const enrolmentProofSchema = z.object({ tokenSha256: z.string(), name: nameSchema, iat: z.number() });

export const enrolmentResponseSchema = z
  .strictObject({
    deviceUid: uidSchema,
    site: z.string(),
    signingKey: publicKeySchema.describe('The site signs policy with this key; its thumbprint is in the token'),
    access: z.enum(['pending', 'approved']).optional().describe('pending: it gets nothing before somebody approves it'),
  })
  .meta({ id: 'EnrolmentResponse' });

/**
 * POST /api/v1/agent/sessions: trades a proof of the device's key for a bearer token of some minutes.
 * `assertion` is a JWT (EdDSA) with iss = device uid, aud = `muster:<site>`, jti, iat, exp at most 120 s ahead, and `sealingKey`
 * (`SealingKey`): secrets for the device are sealed to it from then on; and `hardware`, the id of the computer's firmware
 * (`smbios:…`) where it has one: a key that was copied to another computer is refused there.
 */
export const sessionRequestSchema = z.strictObject({ assertion: z.string().max(4096) }).meta({ id: 'SessionRequest' });

export const sessionResponseSchema = z
  .strictObject({ accessToken: z.string(), expiresAt: z.string() })
  .meta({ id: 'SessionResponse' });

/** Who approves a computer that enrols: nobody has to (`automatic`), or somebody does afterwards (`manual`). */
export const approvalSchema = z.enum(['automatic', 'manual']);

/** POST /api/v1/enrolment-tokens (for administrators). */
export const enrolmentTokenRequestSchema = z
  .strictObject({
    description: z.string().max(256).optional(),
    validMinutes: z.number().int().min(1).max(43_200).optional().describe('Default 60'),
    maxUses: z.number().int().min(1).max(100_000).optional().describe('How many computers it enrols, default 1'),
    approval: approvalSchema
      .optional()
      .describe('Default: what the site has; a site that approves by hand does so whatever is said here'),
    unknownComputers: z
      .boolean()
      .optional()
      .describe(
        'Computers of which the site has no record get what is deployed to unknown computers, until a run on them has succeeded; default false',
      ),
  })
  .meta({ id: 'EnrolmentTokenRequest' });

export const enrolmentTokenResponseSchema = z
  .strictObject({
    uid: uidSchema,
    token: z.string().describe('Shown once'),
    expiresAt: z.string(),
    maxUses: z.number().int().optional(),
    approval: approvalSchema.optional().describe('What becomes of computers that enrol with it'),
    unknownComputers: z.boolean().optional(),
  })
  .meta({ id: 'EnrolmentTokenResponse' });

/** GET /api/v1/enrolment-tokens */
export const enrolmentTokenListSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        uid: uidSchema,
        description: z.string().nullable(),
        createdBy: z.string(),
        createdAt: z.string(),
        expiresAt: z.string(),
        maxUses: z.number().int(),
        uses: z.number().int(),
        lastUsedAt: z.string().nullable(),
        approval: approvalSchema,
        unknownComputers: z.boolean().optional(),
        revokedAt: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'EnrolmentTokenList' });

/** POST /api/v1/api-tokens (for administrators). */
export const apiTokenRequestSchema = z
  .strictObject({ name: nameSchema, validDays: z.number().int().min(1).max(3650).optional().describe('Default 365') })
  .meta({ id: 'ApiTokenRequest' });

export const apiTokenResponseSchema = z
  .strictObject({
    uid: uidSchema,
    name: z.string(),
    token: z.string().describe('Shown once'),
    expiresAt: z.string().nullable(),
  })
  .meta({ id: 'ApiTokenResponse' });

/** GET /api/v1/api-tokens */
export const apiTokenListSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        uid: uidSchema,
        name: z.string(),
        createdAt: z.string(),
        expiresAt: z.string().nullable(),
        revokedAt: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'ApiTokenList' });
