import { z } from 'zod';
import { digestSchema } from '../digest.js';

/** POST /api/v1/distribution-points/<name>/prestaged-content: content is brought to the point by hand. */
export const prestagedContentRequestSchema = z
  .strictObject({ manifest: digestSchema })
  .meta({ id: 'PrestagedContentRequest' });

/** The blobs that the point does not have, each with a short-lived URL of the point to PUT it to. */
export const prestagedContentPlanSchema = z
  .strictObject({
    uploads: z.array(z.strictObject({ digest: digestSchema, size: z.number(), url: z.string() })),
    there: z.number().int().describe('Blobs that are proven to be at the point'),
    expiresAt: z.string(),
  })
  .meta({ id: 'PrestagedContentPlan' });

/** POST /api/v1/distribution-points/<name>/prestaged-content/commit */
export const prestagedContentResultSchema = z
  .strictObject({ blobs: z.number().int().describe('Blobs of the version, all of them proven to be at the point') })
  .meta({ id: 'PrestagedContentResult' });

export type PrestagedContentPlan = z.infer<typeof prestagedContentPlanSchema>;
export type PrestagedContentResult = z.infer<typeof prestagedContentResultSchema>;
