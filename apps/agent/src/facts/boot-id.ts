import { readFileSync } from 'node:fs';
import { platform } from 'node:os';

/** Changes with every start of the computer; undefined where the system has no such id. */
export function currentBootId(): string | undefined {
  if (platform() !== 'linux') return undefined;
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().slice(0, 64) || undefined;
  } catch {
    return undefined;
  }
}
