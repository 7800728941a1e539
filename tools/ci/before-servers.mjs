import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';

/**
 * Before tests that start programs: these are those of the sources under test, never yesterday's. What the servers of many tests
 * can share is kept in a folder of this run, which the workers find by their environment.
 */
export default async function beforeServers() {
  await build();
  process.env.MUSTER_TEST_SHARED_FOLDER = mkdtempSync(join(tmpdir(), 'muster-tests-'));
}
