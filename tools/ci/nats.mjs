import { join } from 'node:path';
import { Failure, repository } from './run.mjs';

/** Installs nats-server where it is missing, the way `muster up` does it; needs a build. */
export async function installNatsServer() {
  const { requireNatsServer } = await import(join(repository, 'dist/libs/localsite/src/nats-server.js'));
  try {
    requireNatsServer((line) => console.log(line));
  } catch (error) {
    throw new Failure(error.message);
  }
}
