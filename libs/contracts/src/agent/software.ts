import { softwareSchema } from '@muster/sequence/conditions/software-schema.js';
import { z } from 'zod';

/** POST /api/v1/agent/software: all that is installed, when it changed or a week is over. It replaces what was told before. */
export const softwareRequestSchema = z
  .strictObject({
    software: softwareSchema,
    leftOut: z.int().nonnegative().describe('How many entries more there are than one computer may tell, or fit'),
  })
  .meta({ id: 'SoftwareRequest' });

export type SoftwareRequest = z.infer<typeof softwareRequestSchema>;
