import { rmSync } from 'node:fs';

/** Removes what the tests of this run shared. */
export default function afterServers() {
  const folder = process.env.MUSTER_TEST_SHARED_FOLDER;
  if (folder) rmSync(folder, { recursive: true, force: true });
}
