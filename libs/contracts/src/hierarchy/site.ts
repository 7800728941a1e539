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
});

export type HierarchySiteRecord = z.infer<typeof hierarchySiteSchema>;
