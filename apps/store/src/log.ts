import { type Logger, pino } from 'pino';
import type { StoreConfig } from './config.js';

/** JSON lines on stdout. Synchronous: the last line before the end must not be lost. */
export function createLogger(level: StoreConfig['logLevel']): Logger {
  return pino({ level, base: { service: 'store' } }, pino.destination({ sync: true }));
}
