import { join } from 'node:path';
import { Failure, repository } from './run.mjs';

/** Installs the S3 servers that the stores' conformance suite runs against, and the clients that it uses, where they are missing; needs a build. */
export async function installTestedStores() {
  const folder = join(repository, 'dist/libs/testing/src/stores');
  const { testedStores, FOREIGN_CLIENTS } = await import(join(folder, 'tested-stores.js'));
  const { requirePrograms } = await import(join(folder, 'debian-packages.js'));
  try {
    const stores = testedStores(process.env.MUSTER_TEST_STORES);
    for (const programs of [FOREIGN_CLIENTS, ...stores.map((store) => store.programs)]) {
      requirePrograms(programs, (line) => console.log(line));
    }
  } catch (error) {
    throw new Failure(error.message);
  }
}
