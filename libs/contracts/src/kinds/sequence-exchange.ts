import { REFERENCE_KINDS } from '@muster/sequence/steps/definition.js';
import { z } from 'zod';
import { findingSchema } from '../problem.js';
import { nameSchema } from '../resource.js';
import { commentSchema } from './sequence-revision.js';
import { taskSequence } from './task-sequence.js';

/** Sequences of one export or import at most. */
export const SEQUENCES_AT_ONCE = 500;

const pointerSchema = z
  .string()
  .max(4096)
  .regex(/^(\/[^/]*)+$/, 'a JSON pointer begins with "/"')
  .describe('JSON pointer into the document, e.g. /spec/steps/0/settings/password');

/** POST /api/v1/task-sequences/-/export */
export const exportRequestSchema = z
  .strictObject({
    names: z.array(nameSchema).min(1).max(SEQUENCES_AT_ONCE),
    withDependencies: z.boolean().optional().describe('Default true: also child sequences, and theirs'),
  })
  .meta({ id: 'ExportRequest' });

/** One sequence without what belongs to this site: its secrets, its uid, its versions. */
export const exportedSequenceSchema = z
  .strictObject({
    document: taskSequence.input,
    secrets: z.array(pointerSchema).describe('Where secrets were taken out; %StrippedSecret% stands there'),
    comment: z.string().optional().describe('Of its newest revision'),
  })
  .meta({ id: 'ExportedSequence' });

export const exportResponseSchema = z
  .strictObject({
    site: z.string().describe('Code of the site that they come from'),
    sequences: z.array(exportedSequenceSchema).describe('By name'),
    packages: z.array(nameSchema).describe('Packages that they refer to'),
    missing: z.array(z.string()).describe('Child sequences that they name and that do not exist'),
  })
  .meta({ id: 'ExportResponse' });

export const DUPLICATE_ACTIONS = ['ignore', 'overwrite'] as const;

/** POST /api/v1/task-sequences/-/import: all of it or nothing. */
export const importRequestSchema = z
  .strictObject({
    sequences: z
      .array(
        z.strictObject({
          document: z.unknown().describe('A TaskSequence, with %StrippedSecret% where a secret is missing'),
          onDuplicate: z
            .enum(DUPLICATE_ACTIONS)
            .optional()
            .describe('When the name exists with other content: leave it (the default), or replace it'),
          secrets: z.record(pointerSchema, z.string().max(4000)).optional().describe('Secrets by their places'),
          comment: commentSchema.optional(),
        }),
      )
      .min(1)
      .max(SEQUENCES_AT_ONCE),
    withoutSecrets: z
      .boolean()
      .optional()
      .describe('Save sequences whose secrets are not given suspended (enabled: false), instead of refusing'),
    packages: z
      .array(nameSchema)
      .max(10_000)
      .optional()
      .describe('Only with dryRun: packages that will be there by then, so that they do not count as missing'),
    contents: z
      .array(z.strictObject({ kind: z.enum(REFERENCE_KINDS), name: nameSchema }))
      .max(10_000)
      .optional()
      .describe('The same of images, upgrade packages, drivers and applications'),
  })
  .meta({ id: 'ImportRequest' });

export const IMPORT_OUTCOMES = ['created', 'overwritten', 'ignored', 'unchanged'] as const;
export const SECRET_STATES = ['given', 'kept', 'missing'] as const;

export const importedSequenceSchema = z
  .strictObject({
    name: nameSchema,
    outcome: z.enum(IMPORT_OUTCOMES).describe('ignored: the one that is here stays, and references lead to it'),
    secrets: z
      .array(z.strictObject({ path: pointerSchema, state: z.enum(SECRET_STATES) }))
      .describe('kept: the one that is here has a secret in the same place. Of ignored and unchanged ones: none'),
    suspended: z.boolean().describe('Saved with enabled: false, for secrets are missing'),
    revision: z.number().int().positive().optional().describe('Which it is now'),
    findings: z.array(findingSchema).describe('Why it would be refused: only with dryRun'),
  })
  .meta({ id: 'ImportedSequence' });

export const importResponseSchema = z
  .strictObject({ sequences: z.array(importedSequenceSchema).describe('In the order of the request') })
  .meta({ id: 'ImportResponse' });

export type ExportRequest = z.infer<typeof exportRequestSchema>;
export type ExportedSequence = z.infer<typeof exportedSequenceSchema>;
export type ExportResponse = z.infer<typeof exportResponseSchema>;
export type DuplicateAction = (typeof DUPLICATE_ACTIONS)[number];
export type ImportRequest = z.infer<typeof importRequestSchema>;
export type ImportedSequence = z.infer<typeof importedSequenceSchema>;
export type ImportResponse = z.infer<typeof importResponseSchema>;
