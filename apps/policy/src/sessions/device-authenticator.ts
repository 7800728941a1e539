import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { MusterError } from '@muster/platform/errors.js';
import type { Authenticator } from '@muster/service/auth/http-authentication.js';
import type { Principal } from '@muster/service/auth/principal.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { PolicyConfig } from '../config.js';
import { LiveState } from '../live/live-state.js';
import { SiteKey } from '../site-key/site-key.js';
import { Sightings } from '../sightings/sightings.js';
import { readAccessToken, type AccessTokenFinding } from './access-token.js';
import { deviceRefused } from './device-refused.js';

/** What the sessions' secret is derived for. */
export const SESSION_PURPOSE = 'muster session';

/** Proves devices by their access token: without the database, because every poll of every device passes here. */
@Injectable()
export class DeviceAuthenticator implements Authenticator {
  private readonly secret: KeyObject;

  constructor(
    @Inject(LiveState) private readonly live: LiveState,
    @Inject(Sightings) private readonly sightings: Sightings,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(SiteKey) siteKey: SiteKey,
  ) {
    this.secret = siteKey.deriveSecret(SESSION_PURPOSE);
  }

  /** The device that an access token proves; undefined: none, `authenticate` says why. */
  find(authorization: string | undefined): string | undefined {
    const token = bearerToken(authorization);
    if (token === undefined) return undefined;
    const found = this.read(token);
    if (found.kind !== 'good' || this.live.refusal(found.deviceUid)) return undefined;
    this.sightings.note(found.deviceUid);
    return found.deviceUid;
  }

  /**
   * @throws MusterError `session.missing-token`, `.forged-token`, `.expired-token` (unauthenticated),
   *   `.device-blocked`, `.device-deleted` (forbidden)
   */
  async authenticate(authorization: string | undefined): Promise<Principal> {
    const token = bearerToken(authorization);
    if (token === undefined)
      throw refused(
        'missing-token',
        'This is for devices: send "Authorization: Bearer <accessToken>" from POST /api/v1/agent/sessions',
      );
    const found = this.read(token);
    if (found.kind === 'forged')
      throw refused(
        'forged-token',
        'This access token was not made by this site, or was changed on the way. Open a new session',
      );
    const refusal = this.live.refusal(found.deviceUid);
    if (refusal) throw deviceRefused(refusal, found.deviceUid);
    if (found.kind === 'expired')
      throw refused(
        'expired-token',
        `This access token expired at ${found.expiredAt.toISOString()}. Open a new session`,
      );
    this.sightings.note(found.deviceUid);
    return { kind: 'device', uid: found.deviceUid };
  }

  private read(token: string): AccessTokenFinding {
    return readAccessToken(this.secret, this.config.MUSTER_SITE, token, new Date());
  }
}

function bearerToken(authorization: string | undefined): string | undefined {
  // As agents write it; the rest is for everybody else.
  if (authorization?.startsWith('Bearer ey')) return authorization.slice('Bearer '.length);
  return /^bearer (\S+)$/i.exec(authorization ?? '')?.[1];
}

function refused(code: string, message: string): MusterError {
  return new MusterError('unauthenticated', `session.${code}`, message);
}
