/** The ResourceStore of devices. */
export const DEVICES = Symbol('devices');
