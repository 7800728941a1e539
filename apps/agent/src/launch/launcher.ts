import { byFork } from './by-fork.js';
import { bySpawn } from './by-spawn.js';
import type { Launcher } from './launched-program.js';
import { loadPosixSpawn } from './posix-spawn.js';

let chosen: Promise<Launcher> | undefined;

/** How programs are started on this computer: the fastest way that it has. Chosen once, when the first program is started. */
export function launcher(): Promise<Launcher> {
  return (chosen ??= loadPosixSpawn().then((system) => (system ? bySpawn(system) : byFork)));
}
