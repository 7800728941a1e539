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

/** POST /api/v1/packages/<name>/versions/<version>/downloads: asks where files of a version are. */
export const downloadRequestSchema = z
  .strictObject({ files: z.array(digestSchema).min(1).max(500) })
  .meta({ id: 'DownloadRequest' });

/** Short-lived URLs into the site's library. */
export const downloadResponseSchema = z
  .strictObject({
    downloads: z.array(z.strictObject({ digest: digestSchema, url: z.string() })),
    expiresAt: z.string(),
  })
  .meta({ id: 'DownloadResponse' });

export type DownloadResponse = z.infer<typeof downloadResponseSchema>;
