import type { IncomingMessage } from 'node:http';
import { ABILITIES_HEADER } from '@muster/contracts/agent/permits.js';
import { Inject, Injectable } from '@nestjs/common';
import type { Shortcut } from '@muster/service/shortcut.js';
import { DeviceAuthenticator } from '../sessions/device-authenticator.js';
import { parseAbilities } from './abilities.js';
import { Policies } from './policies.service.js';

/** The poll that finds nothing new, which is nearly every request of a fleet: a MAC, two look-ups, 304. */
@Injectable()
export class PollShortcut implements Shortcut {
  readonly method = 'GET';
  readonly path = '/api/v1/agent/policy';
  readonly status = 304;

  constructor(
    @Inject(DeviceAuthenticator) private readonly devices: DeviceAuthenticator,
    @Inject(Policies) private readonly policies: Policies,
  ) {}

  readonly answer = ({ headers }: IncomingMessage): Record<string, string> | undefined => {
    const deviceUid = this.devices.find(headers.authorization);
    const tag =
      deviceUid === undefined
        ? undefined
        : this.policies.unchanged(deviceUid, headers['if-none-match'], parseAbilities(headers[ABILITIES_HEADER]));
    return tag === undefined ? undefined : policyHeaders(tag);
  };
}

/** What every answer to a poll says beside the policy. */
export function policyHeaders(tag: string): Record<string, string> {
  return { ETag: tag, 'Cache-Control': 'private, no-cache' };
}
