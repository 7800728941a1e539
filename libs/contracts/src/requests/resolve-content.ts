import { applicationSchema } from '@muster/sequence/applications/application.js';
import { z } from 'zod';
import { meantForSchema } from '../agent/meant-for.js';
import { digestSchema } from '../digest.js';
import { contentReferenceSchema } from '../kinds/content-reference.js';
import { programSchema } from '../kinds/package.js';
import { nameSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

/** The newest version that at least one distribution point can serve; null while there is none. */
const distributed = z.object({ version: z.number().int(), manifest: digestSchema, bytes: z.number() }).nullable();

export const resolvedContentSchema = z.object({
  name: nameSchema,
  exists: z.boolean(),
  programs: z.record(z.string(), programSchema),
  distributed,
  meantFor: meantForSchema.optional(),
});

export type ResolvedContent = z.infer<typeof resolvedContentSchema>;

export const resolvedReferenceSchema = z.object({
  kind: contentReferenceSchema.shape.kind,
  name: nameSchema,
  exists: z.boolean(),
  distributed,
  meantFor: meantForSchema.optional(),
});

export type ResolvedReference = z.infer<typeof resolvedReferenceSchema>;

export const resolvedApplicationSchema = z.object({
  name: nameSchema,
  spec: applicationSchema.nullable().describe('Null: there is none'),
});

export type ResolvedApplication = z.infer<typeof resolvedApplicationSchema>;

/**
 * What content is now: whether it exists, programs of packages, what can be downloaded, and the documents of applications.
 * Each name once, in the order asked. Applications are left out behind what fits into one answer: ask again for those.
 */
export const resolveContent = defineRequest(
  'content',
  'resolve-content',
  z.object({
    packages: z.array(nameSchema).max(1000),
    contents: z.array(contentReferenceSchema).max(1000).optional().describe('Of any kind'),
    applications: z.array(nameSchema).max(1000).optional(),
  }),
  z.object({
    packages: z.array(resolvedContentSchema),
    contents: z.array(resolvedReferenceSchema).optional(),
    applications: z.array(resolvedApplicationSchema).optional(),
  }),
);
