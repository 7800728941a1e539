import { z } from 'zod';
import { LIMITS } from './limits.js';

export const REPORT_EVENTS = ['run-started', 'step-started', 'step-finished', 'run-finished'] as const;
export const STEP_OUTCOMES = ['succeeded', 'failed', 'skipped'] as const;
export const RUN_RESULTS = ['succeeded', 'failed', 'restart-pending'] as const;

/**
 * Why a step ended as it did.
 * skipped: `disabled`, `condition-false` (its own or its group's), `abandoned` (a failure before it was absorbed by an
 * enclosing group), `run-failed`, `run-stopped`. failed: `exit-code`, `timeout`, `interrupted`, `wrong-environment`, `stopped`, `error` (see `code`).
 */
export const REPORT_REASONS = [
  'disabled',
  'condition-false',
  'abandoned',
  'run-failed',
  'run-stopped',
  'exit-code',
  'timeout',
  'interrupted',
  'wrong-environment',
  'stopped',
  'error',
] as const;
export type ReportReason = (typeof REPORT_REASONS)[number];

/**
 * What a run tells the outside world. `number` counts 1, 2, 3… within a run and is the same after every replay,
 * so that a receiver drops what it already has. Secrets are masked.
 *
 * `run-finished` with result `restart-pending` is not the end: after the restart the same run goes on with further
 * numbers and a final `run-finished`.
 */
export const stepReportSchema = z
  .strictObject({
    event: z.enum(REPORT_EVENTS),
    runId: z.string().min(1).max(200),
    number: z.int().min(1),
    at: z.string().max(40).meta({ description: 'time of the event, ISO 8601, by the clock of the computer' }),
    path: z.string().optional().meta({ description: 'names of groups and step joined by /, unique within a run' }),
    position: z.int().min(0).optional().meta({ description: 'instruction number, children inlined' }),
    stepType: z.string().max(100).optional(),
    outcome: z.enum(STEP_OUTCOMES).optional(),
    reason: z.enum(REPORT_REASONS).optional(),
    code: z.string().max(200).optional().meta({ description: 'stable dotted error code' }),
    exitCode: z.int().optional(),
    result: z.enum(RUN_RESULTS).optional(),
    message: z.string().max(4000).optional(),
    output: z.string().max(LIMITS.outputLength).optional(),
    continuedOnError: z.boolean().optional(),
    total: z.int().min(0).optional().meta({ description: 'run-started: steps to expect, disabled ones excluded' }),
    attempt: z.int().min(1).optional(),
    warnings: z.array(z.string().max(500)).max(20).optional().meta({ description: 'e.g. names nobody defined' }),
  })
  .meta({ id: 'StepReport' });

export type StepReport = z.infer<typeof stepReportSchema>;
export type RunResult = (typeof RUN_RESULTS)[number];
