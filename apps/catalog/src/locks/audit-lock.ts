import { audit } from '@muster/persistence/audit.js';
import type { Transaction } from '@muster/persistence/database.js';
import { currentTraceId } from '@muster/platform/trace.js';
import type { HeldLock } from './edit-lock.js';

/**
 * Writes down that somebody did not mind an edit lock: took it to another machine, ended that of somebody else, or wrote although somebody else
 * holds it.
 */
export async function auditLock(
  tx: Transaction,
  action: 'lock-taken-over' | 'lock-broken' | 'lock-ignored',
  { actor, name, uid, from }: { actor: string; name: string; uid: string; from: HeldLock },
): Promise<void> {
  const details = { holder: from.holder, machine: from.machine };
  await audit(tx, { actor, action, kind: 'TaskSequence', name, uid, details, correlationId: currentTraceId() });
}
