import { readFileSync } from 'node:fs';
import type { DeviceFacts } from '@muster/contracts/kinds/device.js';

/** Name and version of the distribution, and the id of this boot. What cannot be read is left out. */
export function linuxFacts(read: (path: string) => string = readText): DeviceFacts {
  const release = parseOsRelease(firstOf(read, ['/etc/os-release', '/usr/lib/os-release']));
  const bootId = firstOf(read, ['/proc/sys/kernel/random/boot_id']).trim();
  return {
    ...(release['NAME'] ? { osName: release['NAME'].slice(0, 128) } : {}),
    ...(release['VERSION_ID'] ? { osVersion: release['VERSION_ID'].slice(0, 64) } : {}),
    ...(bootId ? { bootId: bootId.slice(0, 64) } : {}),
  };
}

/** The assignments of an os-release file (os-release(5)): quotes and backslashes of the shell are taken off. */
export function parseOsRelease(text: string): Record<string, string | undefined> {
  const found: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^([A-Z0-9_]+)=(?:"(.*)"|'(.*)'|(.*?))\s*$/.exec(line);
    if (match?.[1]) found[match[1]] = (match[2] ?? match[3] ?? match[4] ?? '').replaceAll(/\\(["'$`\\])/g, '$1');
  }
  return found;
}

function firstOf(read: (path: string) => string, paths: readonly string[]): string {
  for (const path of paths) {
    try {
      return read(path);
    } catch {
      // The next place may have it.
    }
  }
  return '';
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
