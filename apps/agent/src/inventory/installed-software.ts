import type { SoftwareRequest } from '@muster/contracts/agent/software.js';
import { MOST_SOFTWARE, type SoftwareEntry, softwareEntrySchema } from '@muster/sequence/conditions/software-schema.js';
import { listInstalled } from '../conditions/package-manager.js';
import { type System, thisSystem } from '../facts/system.js';

/** What is installed, as it is told; undefined on systems where nothing that we know says it: all but Linux with dpkg or rpm. */
export async function installedSoftware(system: System = thisSystem): Promise<SoftwareRequest | undefined> {
  const found = system.platform === 'linux' ? await listInstalled(system) : undefined;
  return found && asTold(found);
}

/**
 * Each entry once, by name, so that the same software is always told in the same words. What is too much for one computer, or does not fit,
 * is counted. Pure.
 */
export function asTold(found: readonly SoftwareEntry[]): SoftwareRequest {
  const each = new Map(found.map((one) => [[one.name, one.version, one.architecture ?? ''].join('\n'), one] as const));
  const sorted = [...each].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry);
  const fitting = sorted.filter((one) => softwareEntrySchema.safeParse(one).success);
  const software = fitting.slice(0, MOST_SOFTWARE);
  return { software, leftOut: sorted.length - software.length };
}
