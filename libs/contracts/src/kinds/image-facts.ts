import { z } from 'zod';
import { distributionBehaviour } from './distribution-behaviour.js';

/** What processors a system, an installer or a driver is for. */
export const architectureSchema = z.enum(['x86', 'x64', 'arm64']);

/** A file of the content, with its place inside it. */
export const contentFileSchema = z.string().min(1).max(1024);

/** What is inside an image file or an installation source, and which number chooses it. */
export const imageEntrySchema = z
  .strictObject({
    index: z.number().int().min(1).max(2_147_483_647).describe('What a step names to get this one'),
    name: z.string().min(1).max(256),
    edition: z.string().max(64).optional(),
    osVersion: z.string().max(64).optional().describe('10.0.22631.2428, 12.5'),
    architecture: architectureSchema.optional(),
    language: z.string().max(32).optional().describe('en-US'),
  })
  .meta({ id: 'ImageEntry' });

/** Images of one file: each number once. */
export const imageEntriesSchema = z
  .array(imageEntrySchema)
  .max(200)
  .refine((images) => new Set(images.map(({ index }) => index)).size === images.length, 'each index stands once');

/** What people want to know of every kind of content. */
export const describedContent = {
  ...distributionBehaviour,
  description: z.string().max(128).optional(),
  manufacturer: z.string().max(32).optional(),
  version: z.string().max(32).optional().describe('What its maker calls it; Muster counts versions of files itself'),
  language: z.string().max(32).optional(),
};
