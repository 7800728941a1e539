import { factsSchema } from '@muster/sequence/conditions/facts-schema.js';
import { z } from 'zod';
import { instantSchema } from '../resource.js';

/** POST /api/v1/agent/inventory: all facts of the computer, when they changed or a day is over. */
export const inventoryRequestSchema = z
  .strictObject({ gatheredAt: instantSchema.describe("By the device's clock"), facts: factsSchema })
  .meta({ id: 'InventoryRequest' });

export type InventoryRequest = z.infer<typeof inventoryRequestSchema>;
