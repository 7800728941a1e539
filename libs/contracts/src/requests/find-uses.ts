import { REFERENCE_KINDS } from '@muster/sequence/steps/definition.js';
import { z } from 'zod';
import { nodeUseSchema } from '../kinds/content-uses.js';
import { nameSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

const used = z.object({
  kind: z.enum(REFERENCE_KINDS),
  name: nameSchema,
  limit: z.number().int().min(1).max(1000),
});

/** The nodes of task sequences that name something, by sequence, then in its order. */
export const findNodeUses = defineRequest(
  'catalog',
  'find-node-uses',
  used,
  z.object({ items: z.array(nodeUseSchema) }),
);

/** The deployments whose devices need something, by name. */
export const findDeploymentUses = defineRequest(
  'policy',
  'find-deployment-uses',
  used,
  z.object({ items: z.array(nameSchema) }),
);
