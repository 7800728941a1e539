import { z } from 'zod';
import { nameSchema } from '../resource.js';

/** So many users of each kind are named. */
export const MOST_USERS = 500;

const more = z.boolean().describe(`There are more than the ${MOST_USERS} that are named`);

/** A place in an application that names something. */
export const applicationUseSchema = z
  .strictObject({
    application: nameSchema,
    how: z.enum(['content', 'dependency', 'supersedes']),
    deploymentType: z.string().optional(),
    path: z.string().describe('JSON pointer'),
  })
  .meta({ id: 'ApplicationUse' });

/** A node of a task sequence that names something. */
export const nodeUseSchema = z
  .strictObject({ sequence: nameSchema, path: z.string(), disabled: z.boolean() })
  .meta({ id: 'NodeUse' });

/** GET /api/v1/<kind>/<name>/uses: who would miss it. What is not there has users too, when something names it. */
export const contentUsesSchema = z
  .strictObject({
    kind: z.string(),
    name: nameSchema,
    sequences: z.strictObject({ items: z.array(nodeUseSchema), more }).describe('Nodes that name it'),
    applications: z.strictObject({ items: z.array(applicationUseSchema), more }).describe('Places that name it'),
    deployments: z
      .strictObject({ items: z.array(nameSchema), more })
      .describe('Whose devices are told of it: by child sequences, dependencies and what is superseded too'),
    distributions: z.strictObject({ items: z.array(nameSchema), more }),
  })
  .meta({ id: 'ContentUses' });

export type ApplicationUse = z.infer<typeof applicationUseSchema>;
export type NodeUse = z.infer<typeof nodeUseSchema>;
export type ContentUses = z.infer<typeof contentUsesSchema>;
