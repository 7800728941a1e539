import { z } from 'zod';
import { publicKeySchema } from './enrolment.js';

/** More than anybody has; the newest of them. */
export const MOST_VOUCHERS = 64;

/**
 * GET /api/v1/agent/site-key: the key by which the site signs policy now. Whoever knows an older one believes it when that one vouches,
 * however many there were in between.
 */
export const siteKeyNewsSchema = z
  .strictObject({
    publicKey: publicKeySchema,
    vouchers: z
      .array(z.string().max(2048))
      .max(MOST_VOUCHERS)
      .describe('Compact JWS (EdDSA) over {site, siteKey}, each by a key that the site had before, which `kid` names'),
  })
  .meta({ id: 'SiteKeyNews' });

/** What a former key signs. No policy has this form, and it has the form of no policy. */
export const siteKeyVoucherSchema = z.strictObject({ site: z.string(), siteKey: publicKeySchema });

export type SiteKeyNews = z.infer<typeof siteKeyNewsSchema>;
export type SiteKeyVoucher = z.infer<typeof siteKeyVoucherSchema>;
