import type { AuditEntry } from '@muster/contracts/kinds/audit.js';

/** The newest entries of several services, each list newest first. Pure. */
export function mergeEntries(lists: readonly (readonly AuditEntry[])[], limit: number): AuditEntry[] {
  return lists
    .flat()
    .toSorted((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0))
    .slice(0, limit);
}
