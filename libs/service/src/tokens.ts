/** Injection tokens of what every service has. */
export const CONFIG = Symbol('service configuration');
export const LOGGER = Symbol('logger');
