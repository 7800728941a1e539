import { spawnSync } from 'node:child_process';
import { repositoryFolder } from '@muster/localsite/repository.js';
import { requirePrograms } from '@muster/testing/stores/debian-packages.js';
import { FOREIGN_CLIENTS, testedStores } from '@muster/testing/stores/tested-stores.js';

/** `npm run conformance:stores -- [muster] [ceph] [swift]`: the conformance suite against real stores, which it installs. */
const names = process.argv.slice(2).join(',') || undefined;
const stores = testedStores(names);
for (const programs of [FOREIGN_CLIENTS, ...stores.map((store) => store.programs)])
  requirePrograms(programs, (line) => console.log(line));
const { status } = spawnSync('npm', ['run', '-s', 'test:int', '--', 'apps/content/test/stores/', '--verbose'], {
  cwd: repositoryFolder(),
  stdio: 'inherit',
  env: { ...process.env, MUSTER_TEST_STORES: stores.map(({ name }) => name).join(',') },
});
process.exitCode = status ?? 1;
