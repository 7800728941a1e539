import { REPORT_REASONS } from '@muster/sequence/report.js';
import { REFERENCE_KINDS } from '@muster/sequence/steps/definition.js';
import { z } from 'zod';
import { contentSourceSchema } from '../agent/content.js';
import { digestSchema } from '../digest.js';
import { instantSchema, nameSchema, uidSchema } from '../resource.js';
import { toldFateSchema } from '../requests/read-device.js';
import { contentKindSchema } from './content-reference.js';

const layeredValueSchema = z.strictObject({
  layer: z.string().describe('device or collection'),
  value: z.string().describe('Hidden values are masked'),
  source: z.string().optional().describe('The collection that it comes from'),
  priority: z.number().int().optional(),
  tied: z.literal(true).optional().describe('Another collection has the same priority and comes first by its name'),
});

const variableExplanationSchema = z.strictObject({
  name: z.string(),
  winner: layeredValueSchema
    .optional()
    .describe('Absent: the strongest value is empty, so the variable does not exist'),
  knownWhenItRuns: z
    .literal(true)
    .optional()
    .describe('Whether it exists, and its value, only the run itself will know'),
  losers: z.array(layeredValueSchema).readonly(),
});

const saidSettingSchema = z.strictObject({
  value: z.union([z.string(), z.number(), z.boolean()]),
  from: z.string().describe('The ClientSettings that say it'),
  priority: z.number().int().optional().describe('Absent: the default settings'),
});

const settingExplanationSchema = z.strictObject({
  name: z.string(),
  winner: saidSettingSchema
    .optional()
    .describe('Absent: nobody says it; the default of the agent or of the site holds'),
  losers: z.array(saidSettingSchema).readonly(),
  told: z.boolean().describe('false: its agent is too old to go by it'),
});

const nodeExplanationSchema = z.strictObject({
  path: z.string(),
  name: z.string(),
  kind: z.enum(['group', 'step', 'sequence']),
  depth: z.number().int(),
  stepType: z.string().optional(),
  verdict: z.enum(['will-run', 'skipped', 'blocked', 'unknown', 'not-reached']),
  reason: z.enum([...REPORT_REASONS, 'content-missing']).optional(),
  code: z.string().optional(),
  message: z.string().optional(),
  condition: z
    .unknown()
    .optional()
    .describe('The truth table of its condition, as `muster explain FILE -o json` has it'),
  variables: z.array(variableExplanationSchema).readonly(),
  content: z
    .array(z.strictObject({ kind: z.enum(REFERENCE_KINDS), name: z.string(), program: z.string().optional() }))
    .readonly()
    .optional(),
});

const sequenceExplanationSchema = z.strictObject({
  sequence: z.string(),
  problem: z.object({ code: z.string(), message: z.string() }).optional().describe('Why nothing runs at all'),
  nodes: z.array(nodeExplanationSchema).readonly(),
  restarts: z.number().int(),
  result: z.enum(['succeeded', 'failed']).optional(),
});

/** Where the content of a deployment would come from. */
const sourcesExplanationSchema = z.strictObject({
  address: z.string().optional().describe('Of the device, as its facts say; absent: it has told none'),
  groups: z.array(nameSchema).describe('The boundary groups that contain the address'),
  contents: z.array(
    z.strictObject({
      kind: contentKindSchema,
      name: nameSchema,
      version: z.number().int(),
      manifest: digestSchema,
      sources: z.array(contentSourceSchema).describe('Points that the device would be sent to, best first'),
      leftOut: z.array(contentSourceSchema).describe('Points that have it and are not offered, and why'),
    }),
  ),
});

/** What policy means for one device at the moment of reading. */
export const deviceExplanationSchema = z
  .strictObject({
    device: z.strictObject({
      name: nameSchema,
      uid: uidSchema,
      canOpenSecrets: z.boolean().describe('It has told the key to which its secrets are sealed'),
      unknownSince: instantSchema
        .optional()
        .describe('It is an unknown computer: it gets only what is deployed to those, until it becomes a known device'),
      lastSeenAt: instantSchema
        .optional()
        .describe('When the site last heard of it: a device that is off starts nothing, whatever is said below'),
      factsAt: instantSchema.optional().describe('How old the facts are with which conditions are answered'),
    }),
    deployments: z
      .array(
        z.strictObject({
          name: nameSchema,
          uid: uidSchema,
          collection: z.string(),
          purpose: z.string(),
          state: z.string().describe('compiled: the device is told; else why not, in code and reason'),
          code: z.string().optional(),
          reason: z.string().optional(),
          start: z
            .strictObject({
              state: z
                .string()
                .describe(
                  'start, running, silent, waiting, offered, not-rerun, held, expired, disabled, rejected, no-secrets or refused',
                ),
              says: z.string(),
              fate: z
                .strictObject({ state: z.string(), reason: z.string().optional() })
                .optional()
                .describe('What the device tells the site of it then; absent: its run tells, or it can tell nothing'),
              lookAgain: instantSchema.optional().describe('The first later moment at which that may change by itself'),
            })
            .optional()
            .describe(
              'Of what the device is told: when it starts there, and why not now, as far as the site knows the device',
            ),
          lastTold: z
            .strictObject(toldFateSchema.shape)
            .optional()
            .describe(
              'What the device last told of it, while no run tells more: only the device knows who is logged on, whom it has warned, and which connection it has',
            ),
          rollout: z
            .strictObject({
              granted: z.boolean(),
              group: z.string().optional().describe('The one that the device is in, or would be in'),
              code: z.string().optional(),
              message: z.string().optional(),
            })
            .optional()
            .describe('Of one with a rollout: what the device would be answered if it asked for a start permit now'),
          told: z.boolean().describe('The device is told of it, perhaps as it was before'),
        }),
      )
      .describe('To a collection that has the device'),
    variables: z.array(variableExplanationSchema).readonly(),
    settings: z
      .array(settingExplanationSchema)
      .readonly()
      .optional()
      .describe(
        'Every client setting with the value that holds and those that lost; sites of earlier releases say nothing',
      ),
    problems: z
      .array(z.strictObject({ code: z.string(), message: z.string() }))
      .describe('Why no run begins on the device, as far as the site can tell'),
    warnings: z
      .array(z.strictObject({ code: z.string(), message: z.string() }))
      .optional()
      .describe('What keeps no run from beginning and may surprise it'),
    sequence: sequenceExplanationSchema
      .optional()
      .describe('With ?deployment=: the fate of each step if all end with success'),
    sources: sourcesExplanationSchema
      .optional()
      .describe('With ?deployment=: where each content item that the device is told of would come from'),
  })
  .meta({ id: 'DeviceExplanation' });

export type DeviceExplanation = z.infer<typeof deviceExplanationSchema>;
