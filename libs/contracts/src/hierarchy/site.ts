import { z } from 'zod';

/** Three capital letters or digits. */
export const siteCodeSchema = z.string().regex(/^[A-Z0-9]{3}$/, 'Three capital letters or digits');

/** An Ed25519 public key as JWK (RFC 8037). */
export const sitePublicKeySchema = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() });

/** A site's place in the hierarchy, and the key by which its messages are proved. */
export const hierarchySiteSchema = z.object({
  code: siteCodeSchema,
  kind: z.enum(['central', 'primary', 'secondary']),
  /** Code of the site above. */
  parent: siteCodeSchema.nullable(),
  /** null: of a site that this one has no link to. */
  publicKey: sitePublicKeySchema.nullable(),
  revoked: z.boolean(),
  /** Keys that the site gave up, by their `x`. Each counts until its time for messages under way, and never becomes the site's key again. */
  previousKeys: z.array(z.object({ x: z.string(), until: z.string() })).optional(),
  /** `x` of the key by which that site knows this one; null: it was told of none since it joined. */
  knowsKey: z.string().nullable().optional(),
});

export type HierarchySiteRecord = z.infer<typeof hierarchySiteSchema>;
