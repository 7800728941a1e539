import { readFileSync } from 'node:fs';

/** Files that are not connections of clients: the database, the bus, gRPC, logs. */
const RESERVED = 256;

/**
 * How many connections of clients a process may hold, so that it never runs out of open files: without one left it cannot reach its
 * database either, and fails everybody instead of those who are too many. Undefined: this system does not say.
 */
export function mostConnections(limits = readLimits()): number | undefined {
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? NaN);
  return Number.isNaN(files) ? undefined : Math.max(Math.ceil(files / 2), files - RESERVED);
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
