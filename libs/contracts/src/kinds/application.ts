import { applicationSchema, type Application } from '@muster/sequence/applications/application.js';
import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { defineKind } from '../resource.js';

/** Something that an application names and that is not there any more. */
export const missingOfApplicationSchema = z
  .strictObject({
    kind: z.enum(['Package', 'Application']),
    name: z.string(),
    path: z.string().describe('JSON pointer of the first place that names it'),
  })
  .meta({ id: 'MissingOfApplication' });

export const applicationStatusSchema = z
  .strictObject({
    revision: z.number().int().positive().optional().describe('The newest one; absent for a moment after an upgrade'),
    digest: digestSchema.optional().describe('SHA-256 of the specification, canonical JSON'),
    deploymentTypes: z.number().int(),
    packages: z.array(z.string()).describe('The packages that its deployment types install from, each once'),
    danglingReferences: z
      .array(missingOfApplicationSchema)
      .optional()
      .describe('What it names and is not there any more, at the moment of reading; at most 50'),
  })
  .meta({ id: 'ApplicationStatus' });

export type ApplicationSpec = Application;
export type ApplicationStatus = z.infer<typeof applicationStatusSchema>;

/** Software with its ways to install it. Its files are those of the packages that it names. */
export const application = defineKind({
  kind: 'Application',
  plural: 'applications',
  singular: 'application',
  shortNames: ['app'],
  service: 'content',
  keepsRevisions: true,
  guardsUses: true,
  spec: applicationSchema,
  status: applicationStatusSchema,
});
