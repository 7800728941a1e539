import { z } from 'zod';
import { defineKind } from '../resource.js';
import { architectureSchema, contentFileSchema, describedContent, imageEntriesSchema } from './image-facts.js';
import { packageStatusSchema } from './package.js';

export const osImageSpecSchema = z
  .strictObject({
    ...describedContent,
    os: z.string().max(64).optional().describe('Windows 11, Debian'),
    osVersion: z.string().max(64).optional(),
    architecture: architectureSchema.optional(),
    file: contentFileSchema.optional().describe('The image file, when the content has more files than it'),
    images: imageEntriesSchema.optional().describe('What the file holds; steps choose by index'),
  })
  .meta({ id: 'OsImageSpec' });

export type OsImageSpec = z.infer<typeof osImageSpecSchema>;

/** An image of a system or of data, in immutable versions. */
export const osImage = defineKind({
  kind: 'OsImage',
  plural: 'os-images',
  singular: 'os-image',
  service: 'content',
  guardsUses: true,
  spec: osImageSpecSchema,
  status: packageStatusSchema,
});
