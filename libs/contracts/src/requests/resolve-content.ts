import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { programSchema } from '../kinds/package.js';
import { nameSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

export const resolvedContentSchema = z.object({
  name: nameSchema,
  exists: z.boolean(),
  programs: z.record(z.string(), programSchema),
  /** The newest version that at least one distribution point can serve; null while there is none. */
  distributed: z.object({ version: z.number().int(), manifest: digestSchema, bytes: z.number() }).nullable(),
});

export type ResolvedContent = z.infer<typeof resolvedContentSchema>;

/** What packages are now: whether they exist, their programs, and what can be downloaded. */
export const resolveContent = defineRequest(
  'content',
  'resolve-content',
  z.object({ packages: z.array(nameSchema).max(1000) }),
  z.object({ packages: z.array(resolvedContentSchema) }),
);
