import { z } from 'zod';
import { sealingKeySchema } from '../sealing.js';
import { defineRequest } from '../subjects.js';

/** The key to which secrets are sealed for the site's policy service, which alone opens them. */
export const readSealingKey = defineRequest(
  'policy',
  'read-sealing-key',
  z.strictObject({}),
  z.object({ key: sealingKeySchema }),
);
