import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the part of the heap where new objects begin at its first size of some megabytes; by itself it grows to 32 and more.
 * Where there is no posix_spawn (see `launcher`), each step forks this process, and a fork copies the table of every page in use, so
 * that memory which a run hardly needs is paid for at every step. To be called before anything big is loaded: what has grown stays.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
