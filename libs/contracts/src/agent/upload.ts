import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { manifestFileSchema } from './content.js';

/** POST /api/v1/packages/<name>/versions: announces a version by its manifest. */
export const uploadRequestSchema = z
  .strictObject({ files: z.array(manifestFileSchema).max(100_000) })
  .meta({ id: 'UploadRequest' });

/** The files that the library does not hold yet, each with a short-lived URL to PUT it to. */
export const uploadResponseSchema = z
  .strictObject({
    version: z.number().int(),
    manifest: digestSchema,
    uploads: z.array(z.strictObject({ digest: digestSchema, size: z.number(), url: z.string() })),
    expiresAt: z.string(),
  })
  .meta({ id: 'UploadResponse' });
