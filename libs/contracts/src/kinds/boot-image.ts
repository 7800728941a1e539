import { z } from 'zod';
import { defineKind } from '../resource.js';
import { architectureSchema, contentFileSchema, describedContent } from './image-facts.js';
import { packageStatusSchema } from './package.js';

export const bootImageSpecSchema = z
  .strictObject({
    ...describedContent,
    os: z.string().max(64).optional().describe('What runs in it: Windows PE, Debian'),
    osVersion: z.string().max(64).optional(),
    architecture: architectureSchema,
    file: contentFileSchema.optional().describe('The image file, when the content has more files than it'),
    imageIndex: z.number().int().min(1).max(2_147_483_647).optional().describe('Which image of the file. Default 1'),
    pxe: z.boolean().optional().describe('Computers that start from the network may get it. Default false'),
  })
  .meta({ id: 'BootImageSpec' });

export type BootImageSpec = z.infer<typeof bootImageSpecSchema>;

/** The small system in which computers begin that have none, in immutable versions. */
export const bootImage = defineKind({
  kind: 'BootImage',
  plural: 'boot-images',
  singular: 'boot-image',
  service: 'content',
  guardsUses: true,
  spec: bootImageSpecSchema,
  status: packageStatusSchema,
});
