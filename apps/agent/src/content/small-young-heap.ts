import { setFlagsFromString } from 'node:v8';

/** V8 of Node 24, the first that knows the flag; an older one would complain on stderr. */
const FIRST_MAJOR = 24;

/**
 * Keeps the part of the heap for new objects at 2 MiB for the rest of this process. A download makes many short-lived objects, and V8
 * answers that by letting this part grow to some 50 MiB: the more there is to download, the more memory the agent would have.
 * To be called before anything is downloaded.
 */
export function keepYoungHeapSmall(): void {
  if (Number(process.versions.node.split('.')[0]) >= FIRST_MAJOR)
    setFlagsFromString('--scavenger-max-new-space-capacity-mb=2');
}
