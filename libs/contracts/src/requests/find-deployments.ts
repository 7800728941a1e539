import { z } from 'zod';
import { nameSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

/** Deployments of a sequence: the first of their names, and how many there are. */
export const findDeployments = defineRequest(
  'deployment',
  'find-deployments',
  z.object({ sequence: nameSchema, limit: z.number().int().min(1).max(1000) }),
  z.object({ names: z.array(nameSchema), total: z.number().int().nonnegative() }),
);
