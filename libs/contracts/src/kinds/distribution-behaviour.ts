import { z } from 'zod';

/** How content of any kind comes to points beside what its Distributions say. */
export const distributionBehaviour = {
  onDemand: z
    .boolean()
    .optional()
    .describe('True: it comes to the points of a device that asks for it there. Default false'),
  onPrestagedPoints: z
    .enum(['Automatic', 'ChangesOnly', 'Manual'])
    .optional()
    .describe(
      'How it comes to points that are prestaged: as to all others, as others once a version came there by hand, or by hand only. Default Automatic',
    ),
};

/** Said of content in its specification. */
export type OnPrestagedPoints = 'Automatic' | 'ChangesOnly' | 'Manual';
