import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';

/** Version of this program; that of the repository's packages. */
export const CLI_VERSION = '0.1.0';

/** `muster version`. */
export function registerVersion(program: Command, terminal: Terminal): void {
  program
    .command('version')
    .description('show the version of this program')
    .action(() => terminal.out(`muster ${CLI_VERSION} (node ${process.versions.node})`));
}
