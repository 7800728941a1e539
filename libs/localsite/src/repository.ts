import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UpError } from './up-error.js';

/** The folder that holds `deploy/local`, found upwards from this file: works from the source tree and from `dist`. */
export function repositoryFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'deploy', 'local', 'nats.conf'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new UpError(
        'up.not-built',
        `deploy/local is missing above ${import.meta.dirname}: run muster from a whole checkout`,
      );
    }
    folder = parent;
  }
  return folder;
}

/** Path of a built process, `dist/apps/<app>/src/main.js`. Throws `up.not-built` where it is missing. */
export function builtApp(app: string): string {
  const script = join(repositoryFolder(), 'dist', 'apps', app, 'src', 'main.js');
  if (!existsSync(script)) throw new UpError('up.not-built', `${script} is missing: run "npm run build" first`);
  return script;
}
