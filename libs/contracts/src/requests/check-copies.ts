import { z } from 'zod';
import { contentFaultSchema } from '../agent/content.js';
import { defineRequest } from '../subjects.js';

/** Devices met bad copies at points: the content service reads those copies again and repairs what is bad. */
export const checkCopies = defineRequest(
  'content',
  'check-copies',
  z.object({ faults: z.array(contentFaultSchema).max(500) }),
  z.object({
    accepted: z.number().int().describe('Copies that are due to be checked; the others are at no such point'),
  }),
);
