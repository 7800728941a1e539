import { z } from 'zod';
import { contentPathSchema } from '../agent/content.js';
import { digestSchema } from '../digest.js';
import { instantSchema, nameSchema } from '../resource.js';
import { contentKindSchema } from './content-reference.js';
import { packageVersionSchema } from './package.js';

/** GET /api/v1/<kind>/<name>/versions */
export const packageVersionListSchema = z
  .strictObject({
    metadata: z.strictObject({ continue: z.string().optional().describe('Ask for older ones with ?continue=') }),
    items: z
      .array(
        packageVersionSchema.extend({
          state: z.enum([...packageVersionSchema.shape.state.options, 'deleted']),
          author: z.string().describe('Who announced it'),
          deletedAt: instantSchema.optional(),
          deletedBy: z.string().optional(),
        }),
      )
      .describe('Newest first, those that are still uploading and those that were deleted too'),
  })
  .meta({ id: 'PackageVersionList' });

export type PackageVersionList = z.infer<typeof packageVersionListSchema>;

/** DELETE /api/v1/<kind>/<name>/versions/<version> */
export const deletedVersionSchema = z
  .strictObject({
    version: z.number().int().positive(),
    manifest: digestSchema,
    files: z.number().int(),
    bytes: z.number(),
    points: z.array(nameSchema).describe('Points that had it, or were to get it'),
  })
  .meta({ id: 'DeletedVersion' });

export type DeletedVersion = z.infer<typeof deletedVersionSchema>;

/** A file that is not the same in two versions. */
export const fileChangeSchema = z
  .strictObject({
    path: contentPathSchema,
    change: z
      .enum(['added', 'removed', 'changed', 'executable'])
      .describe('`executable`: the same bytes, and may now be executed, or may not any more'),
    bytes: z.number().optional().describe('In the later version'),
    bytesBefore: z.number().optional().describe('In the earlier version'),
    bytesShared: z
      .number()
      .describe(
        'Bytes that the earlier version has too, in this file or another; of a file in a pack, those that need not be moved',
      ),
  })
  .meta({ id: 'FileChange' });

/** GET /api/v1/<kind>/<name>/versions/<to>/difference?from=<version> */
export const versionDifferenceSchema = z
  .strictObject({
    package: nameSchema.describe('Name of the content'),
    kind: contentKindSchema.optional().describe('Absent: a package'),
    from: z.number().int().positive(),
    to: z.number().int().positive(),
    files: z.strictObject({
      added: z.number().int(),
      removed: z.number().int(),
      changed: z.number().int().describe('Those of which only `executable` changed included'),
      same: z.number().int(),
    }),
    bytes: z.number().describe('Of the later version'),
    bytesBefore: z.number(),
    bytesShared: z.number().describe('Of the later version, those that the earlier one has too'),
    bytesToMove: z.number().describe('What goes to a place that has the earlier version, to make the later one'),
    metadata: z.strictObject({ continue: z.string().optional().describe('Ask for more files with ?continue=') }),
    items: z
      .array(fileChangeSchema)
      .describe('In the order of their paths without case; those of a pack among the others'),
  })
  .meta({ id: 'VersionDifference' });

export type FileChange = z.infer<typeof fileChangeSchema>;
export type VersionDifference = z.infer<typeof versionDifferenceSchema>;
