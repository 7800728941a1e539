import { z } from 'zod';
import { instantSchema, nameSchema } from '../resource.js';

/** HTTP header and gRPC metadata with which a write is made although somebody else holds the edit lock. */
export const IGNORE_LOCK = 'muster-ignore-lock';

export const machineSchema = z
  .string()
  .trim()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}]*$/u, 'must not contain control characters')
  .describe('Where the editor runs, as its user knows it');

/** Who is editing a sequence. */
export const editLockSchema = z
  .strictObject({
    sequence: nameSchema,
    holder: z.string().describe('Name of the token that took it'),
    machine: z.string(),
    takenAt: instantSchema,
    expiresAt: instantSchema.describe('Renewing it, and every save of its holder, move this on'),
  })
  .meta({ id: 'EditLock' });

export const editLockRequestSchema = z
  .strictObject({
    machine: machineSchema,
    takeOver: z
      .boolean()
      .optional()
      .describe('Also when you hold it on another machine; what was not saved there is given up'),
  })
  .meta({ id: 'EditLockRequest' });

export type EditLock = z.infer<typeof editLockSchema>;
export type EditLockRequest = z.infer<typeof editLockRequestSchema>;
