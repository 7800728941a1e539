import { MusterError } from '@muster/platform/errors.js';

/** What a device hears that was deleted or blocked. */
export function deviceBlocked(): MusterError {
  return new MusterError(
    'forbidden',
    'session.device-blocked',
    'This device was deleted or blocked at the site. An administrator can let it enrol again',
  );
}
