import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { runStopSchema } from './run-stop.js';
import { defineKind, instantSchema, nameSchema, uidSchema } from '../resource.js';

export const runSpecSchema = z
  .strictObject({
    device: nameSchema,
    deviceUid: uidSchema,
    deployment: nameSchema,
    deploymentUid: uidSchema,
    sequence: nameSchema,
    sequenceDigest: digestSchema,
  })
  .meta({ id: 'RunSpec' });

export const runStepSchema = z
  .strictObject({
    number: z.number().int().positive().describe('Report number within the run: each is kept exactly once'),
    path: z.string(),
    type: z.string().optional(),
    state: z
      .enum(['running', 'silent', 'succeeded', 'failed', 'skipped'])
      .describe('silent: it had begun when its run fell silent'),
    reason: z.string().optional(),
    exitCode: z.number().int().optional(),
    continuedOnError: z.boolean().optional(),
    attempt: z.number().int().optional(),
    startedAt: instantSchema.optional(),
    finishedAt: instantSchema.optional(),
    message: z.string().optional(),
    output: z.string().optional(),
  })
  .meta({ id: 'RunStep' });

export const runStatusSchema = z
  .strictObject({
    state: z
      .enum(['running', 'restart-pending', 'silent', 'succeeded', 'failed'])
      .describe('silent: it has not ended, and nothing was heard of it for 24 hours'),
    startedAt: instantSchema.optional(),
    finishedAt: instantSchema.optional(),
    exitCode: z.number().int().optional(),
    message: z.string().optional(),
    totalSteps: z.number().int().optional(),
    stop: runStopSchema.optional().describe('Somebody wants it to end behind its step at hand'),
    steps: z.array(runStepSchema),
  })
  .meta({ id: 'RunStatus' });

export type RunSpec = z.infer<typeof runSpecSchema>;
export type RunStep = z.infer<typeof runStepSchema>;
export type RunStatus = z.infer<typeof runStatusSchema>;

/** One execution of a sequence on one device: a reading of the reports that its agent sent. */
export const run = defineKind({
  kind: 'Run',
  plural: 'runs',
  singular: 'run',
  service: 'deployment',
  verbs: [],
  spec: runSpecSchema,
  status: runStatusSchema,
});
