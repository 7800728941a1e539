import { join } from 'node:path';
import { Failure, repository } from './run.mjs';

/** Installs the S3 servers that the stores' conformance suite runs against, where they are missing; needs a build. */
export async function installTestedStores() {
  const folder = join(repository, 'dist/libs/testing/src/stores');
  const { testedStores } = await import(join(folder, 'tested-stores.js'));
  const { requirePrograms } = await import(join(folder, 'debian-packages.js'));
  try {
    for (const { programs } of testedStores(process.env.MUSTER_TEST_STORES)) {
      requirePrograms(programs, (line) => console.log(line));
    }
  } catch (error) {
    throw new Failure(error.message);
  }
}
