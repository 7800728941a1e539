import { z } from 'zod';
import { defineKind, nameSchema } from '../resource.js';

/** One way into a collection. Query, include and exclude rules join this union later. */
export const collectionRuleSchema = z
  .union([
    z.strictObject({ device: nameSchema.describe('Direct: this device') }),
    z.strictObject({ allDevices: z.literal(true).describe('Every device of the site') }),
  ])
  .meta({ id: 'CollectionRule' });

export const collectionSpecSchema = z
  .strictObject({
    description: z.string().max(256).optional(),
    rules: z.array(collectionRuleSchema).max(10_000),
  })
  .meta({ id: 'CollectionSpec' });

export const collectionStatusSchema = z
  .strictObject({ members: z.number().int().nonnegative() })
  .meta({ id: 'CollectionStatus' });

export type CollectionRule = z.infer<typeof collectionRuleSchema>;
export type CollectionSpec = z.infer<typeof collectionSpecSchema>;
export type CollectionStatus = z.infer<typeof collectionStatusSchema>;

/** A named set of devices. */
export const collection = defineKind({
  kind: 'Collection',
  plural: 'collections',
  singular: 'collection',
  service: 'deployment',
  spec: collectionSpecSchema,
  status: collectionStatusSchema,
});
