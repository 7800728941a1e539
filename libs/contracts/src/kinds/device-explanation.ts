import type { SequenceExplanation } from '@muster/sequence/explain.js';
import { z } from 'zod';
import { instantSchema, nameSchema, uidSchema } from '../resource.js';

const layeredValueSchema = z.strictObject({
  layer: z.string().describe('device or collection'),
  value: z.string().describe('Hidden values are masked'),
  source: z.string().optional().describe('The collection that it comes from'),
  priority: z.number().int().optional(),
  tied: z.literal(true).optional().describe('Another collection has the same priority and comes first by its name'),
});

/** What policy means for one device at the moment of reading. */
export const deviceExplanationSchema = z
  .strictObject({
    device: z.strictObject({
      name: nameSchema,
      uid: uidSchema,
      canOpenSecrets: z.boolean().describe('It has told the key to which its secrets are sealed'),
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
          told: z.boolean().describe('The device is told of it, perhaps as it was before'),
        }),
      )
      .describe('To a collection that has the device'),
    variables: z.array(
      z.strictObject({
        name: z.string(),
        winner: layeredValueSchema
          .optional()
          .describe('Absent: the strongest value is empty, so the variable does not exist'),
        losers: z.array(layeredValueSchema),
      }),
    ),
    problems: z
      .array(z.strictObject({ code: z.string(), message: z.string() }))
      .describe('Why no run begins on the device, as far as the site can tell'),
    sequence: z
      .custom<SequenceExplanation>((value) => typeof value === 'object' && value !== null)
      .optional()
      .describe(
        'With ?deployment=: the fate of each step if all end with success, as `muster explain FILE -o json` says it',
      ),
  })
  .meta({ id: 'DeviceExplanation' });

export type DeviceExplanation = z.infer<typeof deviceExplanationSchema>;
