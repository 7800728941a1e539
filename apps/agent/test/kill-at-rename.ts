/**
 * Preloaded (`node --import`) into an agent process by a test: it is killed with SIGKILL right before it renames something for the
 * MUSTER_TEST_KILL_AT-th time.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const killAt = Number(process.env['MUSTER_TEST_KILL_AT']);
const { renameSync } = fs;
let count = 0;
fs.renameSync = (from, to) => {
  count += 1;
  if (count === killAt) process.kill(process.pid, 'SIGKILL');
  renameSync(from, to);
};
syncBuiltinESMExports();
