import { z } from 'zod';
import { uidSchema } from '../resource.js';
import { publicKeySchema } from './enrolment.js';

/**
 * POST /api/v1/agent/keys: offers another key for the device. It counts from the first session that it proves; until then the old one
 * does. Offering the same key again changes nothing.
 */
export const keyOfferSchema = z
  .strictObject({
    publicKey: publicKeySchema,
    proof: z.string().max(4096).describe('Compact JWS (EdDSA) by the new key over {deviceUid, from, to}'),
    consent: z.string().max(4096).describe('The same by the key that counts'),
  })
  .meta({ id: 'KeyOffer' });

export type KeyOffer = z.infer<typeof keyOfferSchema>;

/** Claims of `proof` and `consent`: thumbprints of the key that counts and of the new one. */
export const keyOfferClaimsSchema = z.object({ deviceUid: uidSchema, from: z.string(), to: z.string() });
