/**
 * What `npm start` and `npm test` run, on the machine's own Node and before anything is installed:
 * installs what is missing, builds what is stale, then continues on the pinned Node.
 *
 *   node tools/bootstrap.mjs start [flags of "muster up"]
 *   node tools/bootstrap.mjs test
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './ci/build.mjs';
import { installModules } from './ci/modules.mjs';
import { installNatsServer } from './ci/nats.mjs';
import { Failure, repository, runInForeground } from './ci/run.mjs';
import { installTestedStores } from './ci/stores.mjs';
import { runTests } from './ci/test.mjs';

const usage = 'usage: node tools/bootstrap.mjs start|test [flags]';

/** Node versions on which `npm ci` and the build work; everything else runs on the pinned one. */
function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const good = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
  if (!good) throw new Failure(`Node ${process.versions.node} is too old: install Node 20.19, 22.12 or later`);
}

async function main([command, ...flags]) {
  if (command !== 'start' && command !== 'test') throw new Failure(usage, 2);
  checkNode();
  await installModules();
  const pinnedNode = join(repository, 'node_modules', '.bin', 'node');
  if (!existsSync(pinnedNode))
    throw new Failure('node_modules/.bin/node is missing: delete node_modules and try again');
  await build();
  if (command === 'test') {
    await installNatsServer();
    await installTestedStores();
    return runTests();
  }
  return runInForeground(pinnedNode, [join(repository, 'dist/apps/cli/src/main.js'), 'up', '--sample', ...flags]);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`muster: ${error.message}`);
  process.exitCode = error.exitCode;
}
