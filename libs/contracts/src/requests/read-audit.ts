import { z } from 'zod';
import { auditEntrySchema, auditFilterSchema } from '../kinds/audit.js';
import { uidSchema, type ServiceName } from '../resource.js';
import { defineRequest } from '../subjects.js';

/** What a service keeps of who changed what, newest first, before an entry. */
export function readAudit(owner: ServiceName) {
  return defineRequest(
    owner,
    'read-audit',
    auditFilterSchema.extend({ before: uidSchema.optional(), limit: z.int().min(1).max(501) }),
    z.object({ entries: z.array(auditEntrySchema) }),
  );
}
