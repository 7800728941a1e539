import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes a folder for this user only inside a run's folder, for a file that must not outlive its step. One that a killed
 * agent left is removed first: a run carries out one step at a time.
 */
export function makePrivateFolder(runFolder: string, prefix: string): string {
  for (const name of readdirSync(runFolder))
    if (name.startsWith(prefix)) rmSync(join(runFolder, name), { recursive: true, force: true });
  return mkdtempSync(join(runFolder, prefix));
}
