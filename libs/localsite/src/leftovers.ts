import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { writeFileAtomic } from './atomic-file.js';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';

interface ChildRecord extends ProcessIdentity {
  readonly name: string;
}

/** The processes of a site, kept on disk so that a start after a crash knows which of the last ones may still be ending. */
export class ChildRecords {
  readonly #children = new Map<string, ChildRecord>();

  constructor(private readonly file: string) {}

  /** Notes a started process. */
  add(name: string, pid: number): void {
    this.#children.set(name, { name, ...identify(pid) });
    this.#save();
  }

  /** Forgets an ended process. */
  remove(name: string): void {
    this.#children.delete(name);
    this.#save();
  }

  #save(): void {
    writeFileAtomic(this.file, JSON.stringify([...this.#children.values()]));
  }
}

/**
 * Waits until the processes of the last run are gone, so that two servers never work on the same files; after
 * `graceSeconds` they are killed. Only processes that are exactly those of the record are touched.
 * Returns the names of those that had to be killed.
 */
export async function endLeftovers(file: string, graceSeconds: number): Promise<string[]> {
  const records = readRecords(file);
  const deadline = performance.now() + graceSeconds * 1000;
  let alive = records.filter(isAlive);
  while (alive.length > 0 && performance.now() < deadline) {
    await delay(50);
    alive = alive.filter(isAlive);
  }
  // Without start ticks the number may belong to somebody else by now.
  const killed = alive.filter((record) => record.startTicks !== null);
  for (const record of killed) process.kill(record.pid, 'SIGKILL');
  while (killed.some(isAlive)) await delay(20);
  return killed.map((record) => record.name);
}

function readRecords(file: string): ChildRecord[] {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(value) ? value.filter(isRecord) : [];
  } catch {
    return [];
  }
}

function isRecord(value: unknown): value is ChildRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'startTicks' in value
  );
}
