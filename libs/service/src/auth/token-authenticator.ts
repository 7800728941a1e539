import { createHash } from 'node:crypto';
import { MusterError } from '@muster/platform/errors.js';
import type { ApiTokenRepository } from './api-token.repository.js';
import { RefusedCaller } from '../refusals/refused-caller.js';
import type { Principal } from './principal.js';

/** A revoked token stops working within this time. */
const REMEMBER_MILLISECONDS = 5_000;
const REMEMBER_AT_MOST = 10_000;

/** Proves API tokens: `Authorization: Bearer muster_…`, or Basic with the token as password (for browsers on the docs page). */
export class TokenAuthenticator {
  private readonly remembered = new Map<string, { principal: Principal; until: number }>();

  constructor(private readonly tokens: ApiTokenRepository) {}

  /** @throws MusterError `auth.missing`, `auth.malformed` or `auth.unknown-token`, all unauthenticated */
  async authenticate(authorization: string | undefined): Promise<Principal> {
    const sha256 = createHash('sha256').update(secretOf(authorization)).digest('hex');
    const hit = this.remembered.get(sha256);
    if (hit && hit.until > Date.now()) return hit.principal;
    const token = await this.tokens.find(sha256);
    if (token?.state !== 'good') {
      this.remembered.delete(sha256);
      throw new RefusedCaller(
        'unauthenticated',
        'auth.unknown-token',
        'This token is unknown, expired or revoked. Use a valid API token',
        token?.name,
        token?.state,
      );
    }
    const principal: Principal = { kind: 'token', uid: token.uid, name: token.name };
    if (this.remembered.size >= REMEMBER_AT_MOST) this.remembered.clear();
    this.remembered.set(sha256, { principal, until: Date.now() + REMEMBER_MILLISECONDS });
    return principal;
  }
}

function secretOf(authorization: string | undefined): string {
  if (!authorization) {
    throw new MusterError(
      'unauthenticated',
      'auth.missing',
      'This needs an API token: send the header "Authorization: Bearer muster_…"',
    );
  }
  const [scheme, value] = authorization.split(' ', 2);
  if (scheme?.toLowerCase() === 'bearer' && value) return value;
  if (scheme?.toLowerCase() === 'basic' && value) {
    const decoded = Buffer.from(value, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon >= 0) return decoded.slice(colon + 1);
  }
  throw new MusterError('unauthenticated', 'auth.malformed', 'The Authorization header must be "Bearer <token>"');
}
