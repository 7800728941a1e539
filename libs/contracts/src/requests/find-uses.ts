import { REFERENCE_KINDS } from '@muster/sequence/steps/definition.js';
import { z } from 'zod';
import { digestSchema } from '../digest.js';
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

/** How many deployments are named of each list of files. */
export const MOST_NAMERS = 5;

/**
 * The lists of files, one for each version of content, that devices are told of, or were told of until a while ago, or that runs need
 * which go on: computers may need those at any moment. Each with the first deployments, by name, deleted ones too; others are left out.
 */
export const findManifestUses = defineRequest(
  'policy',
  'find-manifest-uses',
  z.object({
    manifests: z.array(digestSchema).max(1000),
    endedWithinHours: z.number().int().min(0).describe('Counts what devices were told until so many hours ago'),
  }),
  z.object({ items: z.array(z.object({ manifest: digestSchema, deployments: z.array(nameSchema) })) }),
);
