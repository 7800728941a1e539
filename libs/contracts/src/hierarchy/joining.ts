import { z } from 'zod';
import { uidSchema } from '../resource.js';
import { sealedSchema } from '../sealing.js';
import { hierarchySiteSchema, siteCodeSchema, sitePublicKeySchema } from './site.js';

/** `msj_`, 256 random bits, a dot, and the thumbprint (RFC 7638) of the parent's link key: by it the child knows the answer. */
export const JOIN_TOKEN_PATTERN = /^msj_([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

const siteKindSchema = hierarchySiteSchema.shape.kind;
const placeSchema = hierarchySiteSchema.pick({ code: true, kind: true, parent: true });
const thumbprintSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** POST /api/v1/hierarchy/tokens at the site that shall be above. */
export const joinTokenRequestSchema = z
  .strictObject({
    code: siteCodeSchema,
    kind: z.enum(['primary', 'secondary']),
    validMinutes: z.int().min(1).max(43_200).optional().describe('Default 60'),
  })
  .meta({ id: 'JoinTokenRequest' });

export const joinTokenResponseSchema = z
  .strictObject({
    uid: uidSchema,
    token: z.string().describe('Shown once'),
    code: siteCodeSchema,
    kind: siteKindSchema,
    expiresAt: z.string(),
  })
  .meta({ id: 'JoinTokenResponse' });

export const joinTokenSchema = z
  .strictObject({
    uid: uidSchema,
    code: siteCodeSchema,
    kind: siteKindSchema,
    createdBy: z.string(),
    createdAt: z.string(),
    expiresAt: z.string(),
    usedAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
  })
  .meta({ id: 'JoinToken' });

/** GET /api/v1/hierarchy/tokens, the newest first. */
export const joinTokenListSchema = z.strictObject({ items: z.array(joinTokenSchema) }).meta({ id: 'JoinTokenList' });

/** What a child says of itself, and signs with its link key together with the token's SHA-256. */
export const joinClaimsSchema = z.strictObject({
  code: siteCodeSchema,
  kind: siteKindSchema,
  publicKey: sitePublicKeySchema,
  /** Thumbprint of the key to which the child's secrets are sealed: all sites of a hierarchy have the same. */
  sealingKey: thumbprintSchema,
  /** Sites below the child, which come with it. */
  below: z.array(placeSchema).max(300),
});

export type JoinClaims = z.infer<typeof joinClaimsSchema>;

/** POST /api/v1/hierarchy/joins: a child presents its token at the parent. Good for nothing without the proof. */
export const joinRequestSchema = joinClaimsSchema
  .extend({ token: z.string().max(256), proof: z.string().max(128) })
  .meta({ id: 'JoinRequest' });

export type JoinRequest = z.infer<typeof joinRequestSchema>;

/** How the child's bus connects to the parent's. The password is sealed to the key that both sites share. */
export const leafConnectionSchema = z.strictObject({
  host: z.string().max(255),
  port: z.int().min(1).max(65_535),
  user: z.string().max(64),
  sealedPassword: sealedSchema,
});

export type LeafConnection = z.infer<typeof leafConnectionSchema>;

/** What the parent answers, signed with its link key. Newer parents may say more. */
export const joinAnswerSchema = z
  .object({
    parent: placeSchema.extend({ publicKey: sitePublicKeySchema, revoked: z.boolean() }),
    /** All other sites that the parent knows. */
    sites: z.array(placeSchema),
    /** null: whoever runs the buses connects them. */
    leaf: leafConnectionSchema.nullable(),
    signature: z.string(),
  })
  .meta({ id: 'JoinAnswer' });

export type JoinAnswer = z.infer<typeof joinAnswerSchema>;

/** POST /api/v1/hierarchy/join at the site that shall be below. */
export const joinParentRequestSchema = z
  .strictObject({
    parent: z.string().max(512).describe('Public address of the parent: https://HOST; http only on this machine'),
    token: z.string().max(256),
  })
  .meta({ id: 'JoinParentRequest' });

/** What `muster up` keeps the bus of a site connected by: written by policy, read by whoever runs the bus. */
export const busLinksSchema = z.object({
  children: z.array(z.object({ code: siteCodeSchema, password: z.string() })),
  parent: z.object({ host: z.string(), port: z.int(), user: z.string(), password: z.string() }).nullable(),
});

export type BusLinksFile = z.infer<typeof busLinksSchema>;
