import { z } from 'zod';
import { uidSchema } from '../resource.js';
import { defineEvent } from '../subjects.js';

/** Devices entered or left a collection. Carries the change, never the whole membership. */
export const membersChanged = defineEvent(
  'deployment',
  'members-changed',
  z.object({ collectionUid: uidSchema, added: z.array(uidSchema), removed: z.array(uidSchema) }),
);
