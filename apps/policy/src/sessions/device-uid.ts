import type { Principal } from '@muster/service/auth/principal.js';

/** The device behind a proven caller. The table of routes (policy.service-definition.ts) lets nobody else through. */
export function deviceUidOf(principal: Principal): string {
  if (principal.kind !== 'device') throw new Error('a route for devices was reached with an API token');
  return principal.uid;
}
