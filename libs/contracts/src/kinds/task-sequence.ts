import { sequenceSpecSchema } from '@muster/sequence/model.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { findingSchema } from '../problem.js';
import { defineKind } from '../resource.js';

export const taskSequenceStatusSchema = z
  .strictObject({
    revision: z.number().int().positive().describe('Counts the saves that changed the specification'),
    digest: digestSchema.describe('Names the newest revision; deployments and policy refer to it'),
    steps: z.number().int(),
    groups: z.number().int(),
    warnings: z.array(findingSchema).optional(),
  })
  .meta({ id: 'TaskSequenceStatus' });

export type TaskSequenceStatus = z.infer<typeof taskSequenceStatusSchema>;

/** An ordered tree of steps that runs unattended on a computer. */
export const taskSequence = defineKind({
  kind: 'TaskSequence',
  plural: 'task-sequences',
  singular: 'task-sequence',
  shortNames: ['ts', 'sequence', 'sequences'],
  service: 'catalog',
  keepsRevisions: true,
  spec: sequenceSpecSchema,
  judgeSpec: (spec) => validateSequence(spec),
  status: taskSequenceStatusSchema,
});
