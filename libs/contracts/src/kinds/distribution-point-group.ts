import { z } from 'zod';
import { defineKind, nameSchema } from '../resource.js';
import { pointReferenceSchema } from './point-reference.js';

export const distributionPointGroupSpecSchema = z
  .strictObject({
    description: z.string().max(256).optional(),
    points: z
      .array(pointReferenceSchema)
      .max(1000)
      .describe('A point may be in many groups; SITE/NAME is one of another site'),
    collections: z
      .array(nameSchema)
      .max(1000)
      .optional()
      .describe('Content that is sent to one of these collections goes to the groups that name it at that moment'),
  })
  .meta({ id: 'DistributionPointGroupSpec' });

export const distributionPointGroupStatusSchema = z
  .strictObject({
    unknownPoints: z
      .array(nameSchema)
      .optional()
      .describe('Points of this site that another site named, and that do not exist'),
    distributions: z.number().int().describe('Distributions to this group: a point that joins gets all of them'),
  })
  .meta({ id: 'DistributionPointGroupStatus' });

export type DistributionPointGroupSpec = z.infer<typeof distributionPointGroupSpecSchema>;
export type DistributionPointGroupStatus = z.infer<typeof distributionPointGroupStatusSchema>;

/**
 * Points that get content together. A point that joins gets everything that was sent to the group; a point that leaves
 * keeps what it has.
 */
export const distributionPointGroup = defineKind({
  kind: 'DistributionPointGroup',
  plural: 'distribution-point-groups',
  singular: 'distribution-point-group',
  shortNames: ['dpg', 'dpgs'],
  service: 'content',
  spec: distributionPointGroupSpecSchema,
  status: distributionPointGroupStatusSchema,
});
