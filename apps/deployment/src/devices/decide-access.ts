import type { DeviceAccess, DeviceAccessAction } from '@muster/contracts/kinds/device-access.js';
import type { DeviceStatus } from '@muster/contracts/kinds/device.js';
import { MusterError } from '@muster/platform/errors.js';

/**
 * The access of a device after somebody approved, blocked or unblocked it; undefined: it is as it was. Devices that enrolled
 * before access was kept are approved.
 *
 * @throws MusterError `deployment.device-not-enrolled`, `deployment.device-blocked` (409)
 */
export function decideAccess(
  name: string,
  { enrolled, enrolledAt, access }: DeviceStatus,
  action: DeviceAccessAction,
  { by, at, reason }: { by: string; at: string; reason?: string | undefined },
): DeviceAccess | undefined {
  if (!enrolled) throw notEnrolled(name, action);
  const state = access?.state ?? 'approved';
  const becomes = access?.becomes === undefined ? {} : { becomes: access.becomes };
  const made = { since: at, by, ...(reason === undefined ? {} : { reason }) };
  if (action === 'block') {
    if (state === 'blocked') return undefined;
    return { state: 'blocked', ...made, before: state, ...becomes };
  }
  if (action === 'unblock') {
    return state === 'blocked' ? { state: access?.before ?? 'approved', ...made, ...becomes } : undefined;
  }
  if (state === 'blocked')
    throw new MusterError(
      'conflict',
      'deployment.device-blocked',
      `Device "${name}" is blocked since ${access?.since ?? enrolledAt ?? 'some time'}, by ${access?.by ?? 'somebody'}. Unblock it first`,
    );
  return state === 'pending' || state === 'unknown' ? { state: 'approved', ...made } : undefined;
}

/** What is refused of a record whose computer has not come. */
export function notEnrolled(name: string, what: string): MusterError {
  return new MusterError(
    'conflict',
    'deployment.device-not-enrolled',
    `Device "${name}" has no computer yet: there is nobody to ${what}. Delete the record if its computer shall not come`,
  );
}
