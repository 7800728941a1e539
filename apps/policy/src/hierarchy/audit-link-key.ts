import { audit } from '@muster/persistence/audit.js';
import type { Transaction } from '@muster/persistence/database.js';
import { currentTraceId } from '@muster/platform/trace.js';
import type { SitePublicKey } from '@muster/replication/site-signature.js';
import { thumbprintOf } from '../site-key/site-key.js';

/** A site, this one or a neighbour, has another link key: both keep who it was, and which key took the place of which. */
export async function auditLinkKey(
  tx: Transaction,
  code: string,
  key: SitePublicKey,
  before: SitePublicKey,
): Promise<void> {
  await audit(tx, {
    actor: `site:${code}`,
    action: 'renewed',
    kind: 'Site',
    name: code,
    details: { linkKey: thumbprintOf(key), inPlaceOf: thumbprintOf(before) },
    correlationId: currentTraceId(),
  });
}
