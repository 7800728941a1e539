import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Where Linux has a disk in memory. */
const inMemory = '/dev/shm';

/**
 * The folder for what a test makes and removes by the thousand: on a disk in memory where there is one with room, elsewhere the one for
 * temporary files. Not for what a computer without power would lose: no test takes the power away.
 *
 * @param bytes that must be free
 */
export function memoryFolder(bytes: number): string {
  try {
    accessSync(inMemory, constants.W_OK);
    const { bavail, bsize } = statfsSync(inMemory);
    return bavail * bsize >= bytes ? inMemory : tmpdir();
  } catch {
    return tmpdir();
  }
}
