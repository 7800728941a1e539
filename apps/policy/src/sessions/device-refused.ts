import { RefusedCaller } from '@muster/service/refusals/refused-caller.js';
import type { RefusedState } from '../live/live.repository.js';

const WHY: Readonly<Record<RefusedState, string>> = {
  pending: 'This device waits for its approval: an administrator lets it in (muster device approve NAME)',
  blocked: 'This device was blocked at the site. An administrator can unblock it (muster device unblock NAME)',
  deleted: 'This device was deleted at the site. An administrator can let it enrol again',
};

/** What a device hears that has nothing to expect from the site, with its reason. */
export function deviceRefused(state: RefusedState, deviceUid: string): RefusedCaller {
  return new RefusedCaller('forbidden', `session.device-${state}`, WHY[state], `device:${deviceUid}`);
}
