import { z } from 'zod';
import { addressRangeSchema } from '../address-range.js';
import { defineKind, nameSchema } from '../resource.js';
import { pointReferenceSchema } from './point-reference.js';

/** Minutes until an agent that may wait also asks a neighbour, unless the relationship says otherwise. */
export const NEIGHBOUR_MINUTES = 120;

/** A one-way link: devices in this group may use the points of the other one, only the direct neighbour's. */
export const neighbourSchema = z
  .strictObject({
    group: nameSchema,
    minutes: z
      .union([z.number().int().min(0).max(10_080), z.literal('never')])
      .optional()
      .describe(
        `How far the neighbour is: smaller comes first. Default ${NEIGHBOUR_MINUTES}; "never" keeps devices away`,
      ),
  })
  .meta({ id: 'BoundaryNeighbour' });

export const boundaryGroupSpecSchema = z
  .strictObject({
    description: z.string().max(256).optional(),
    addresses: z.array(addressRangeSchema).max(10_000).optional().describe('Ranges as CIDR, IPv4 or IPv6'),
    sites: z
      .array(z.string().regex(/^[A-Z0-9]{3}$/, 'a site code: three capital letters or digits'))
      .max(100)
      .optional()
      .describe('Every device of these sites, whatever its address'),
    points: z
      .array(pointReferenceSchema)
      .max(1000)
      .describe('The distribution points of these places; SITE/NAME is one of another site'),
    neighbours: z.array(neighbourSchema).max(1000).optional(),
    isDefault: z
      .boolean()
      .optional()
      .describe(
        `The last resort of every device, as a neighbour ${NEIGHBOUR_MINUTES} minutes away, and the group of those in no other. At most one`,
      ),
  })
  .meta({ id: 'BoundaryGroupSpec' });

export const boundaryGroupStatusSchema = z
  .strictObject({
    points: z.number().int().describe('Points of the group at this site that are not in maintenance'),
    unknownPoints: z
      .array(nameSchema)
      .optional()
      .describe('Points of this site that another site named, and that do not exist'),
    unknownNeighbours: z
      .array(nameSchema)
      .optional()
      .describe('Neighbours that do not exist: groups may name each other before both are there'),
  })
  .meta({ id: 'BoundaryGroupStatus' });

export type BoundaryGroupSpec = z.infer<typeof boundaryGroupSpecSchema>;
export type BoundaryGroupStatus = z.infer<typeof boundaryGroupStatusSchema>;

/** Which distribution points are near to which addresses. */
export const boundaryGroup = defineKind({
  kind: 'BoundaryGroup',
  plural: 'boundary-groups',
  singular: 'boundary-group',
  shortNames: ['bg', 'bgs'],
  service: 'content',
  spec: boundaryGroupSpecSchema,
  status: boundaryGroupStatusSchema,
});
