import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { nameSchema } from '../resource.js';

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
    points: z.array(nameSchema).optional().describe('The distribution point of each URL, in the same order'),
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

/** Why a point is where it is in the order of URLs. */
export const contentSourceSchema = z
  .strictObject({
    point: nameSchema,
    reason: z.string().max(256).describe('A sentence, such as "current boundary group branch-berlin"'),
  })
  .meta({ id: 'ContentSource' });

export type ContentSource = z.infer<typeof contentSourceSchema>;

export const contentLocationsResponseSchema = z
  .strictObject({
    manifest: manifestSchema,
    locations: z.array(contentLocationSchema),
    sources: z.array(contentSourceSchema).optional().describe('The points of the URLs, best first'),
    expiresAt: z.string(),
  })
  .meta({ id: 'ContentLocationsResponse' });

/** A bad copy that a device met at a point. */
export const contentFaultSchema = z
  .strictObject({
    manifest: digestSchema,
    digest: digestSchema.describe('The file whose copy is bad'),
    point: nameSchema,
    problem: z.enum(['wrong-bytes', 'truncated', 'missing']),
  })
  .meta({ id: 'ContentFault' });

export type ContentFault = z.infer<typeof contentFaultSchema>;

/** POST /api/v1/agent/content-faults, answered 202: the copies are checked, and repaired when they are bad, soon after. */
export const contentFaultsRequestSchema = z
  .strictObject({ faults: z.array(contentFaultSchema).min(1).max(500) })
  .meta({ id: 'ContentFaultsRequest' });

export const contentFaultsResponseSchema = z
  .strictObject({
    accepted: z.number().int().describe('Faults that will be looked into; the others are not of assigned content'),
  })
  .meta({ id: 'ContentFaultsResponse' });
