import { audit } from '@muster/persistence/audit.js';
import type { Transaction } from '@muster/persistence/database.js';
import { currentTraceId } from '@muster/platform/trace.js';
import type { SitePublicKey } from '@muster/replication/site-signature.js';
import { thumbprintOf } from '../site-key/site-key.js';

/**
 * A site, this one or a neighbour, has another link key: both keep which key took the place of which.
 *
 * @param actor who says so; default: the site itself
 */
export async function auditLinkKey(
  tx: Transaction,
  code: string,
  key: SitePublicKey,
  before: SitePublicKey | null | undefined,
  actor = `site:${code}`,
): Promise<void> {
  if (!before || before.x === key.x) return;
  await audit(tx, {
    actor,
    action: 'renewed',
    kind: 'Site',
    name: code,
    details: { linkKey: thumbprintOf(key), inPlaceOf: thumbprintOf(before) },
    correlationId: currentTraceId(),
  });
}
