import { z } from 'zod';
import { digestSchema } from '../digest.js';

/** A file's place inside content: relative, with "/", never climbing out. */
export const contentPathSchema = z
  .string()
  .min(1)
  .max(1024)
  .refine(
    (path) =>
      !path.startsWith('/') &&
      !path.includes('\\') &&
      !path.includes('\0') &&
      path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.length <= 255),
    'a content path is relative, has "/" between names, and no ".", ".." or empty name',
  );

export const manifestFileSchema = z
  .strictObject({
    path: contentPathSchema,
    digest: digestSchema,
    size: z.number().int().nonnegative(),
    executable: z.boolean().optional(),
  })
  .meta({ id: 'ManifestFile' });

/** The files of one version. Its own digest (of the canonical JSON) is the version's name. */
export const manifestSchema = z
  .strictObject({ files: z.array(manifestFileSchema).max(100_000) })
  .superRefine(({ files }, context) => {
    const seen = new Map<string, number>();
    const folders = new Set<string>();
    files.forEach(({ path }, index) => {
      const folded = path.toLowerCase();
      const other = seen.get(folded);
      if (other !== undefined) {
        context.addIssue({
          code: 'custom',
          path: ['files', index, 'path'],
          message: `collides with file ${other} ("${files[other]?.path}"); names must differ in more than case`,
        });
      }
      seen.set(folded, index);
      const parts = folded.split('/');
      for (let depth = 1; depth < parts.length; depth += 1) folders.add(parts.slice(0, depth).join('/'));
    });
    files.forEach(({ path }, index) => {
      if (folders.has(path.toLowerCase())) {
        context.addIssue({
          code: 'custom',
          path: ['files', index, 'path'],
          message: 'is also the folder of another file',
        });
      }
    });
  })
  .meta({ id: 'Manifest' });

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestFile = z.infer<typeof manifestFileSchema>;

export const contentLocationSchema = z
  .strictObject({
    digest: digestSchema,
    urls: z.array(z.string()).min(1).describe('Best first; each is good until expiresAt'),
  })
  .meta({ id: 'ContentLocation' });

export type ContentLocation = z.infer<typeof contentLocationSchema>;

/** POST /api/v1/agent/content-locations */
export const contentLocationsRequestSchema = z
  .strictObject({
    manifest: digestSchema,
    files: z.array(digestSchema).max(500).optional().describe('Default: the first 500 files'),
  })
  .meta({ id: 'ContentLocationsRequest' });

export const contentLocationsResponseSchema = z
  .strictObject({ manifest: manifestSchema, locations: z.array(contentLocationSchema), expiresAt: z.string() })
  .meta({ id: 'ContentLocationsResponse' });
