import { hostname } from 'node:os';
import type { EditLock } from '@muster/contracts/kinds/edit-lock.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { objectName } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { sequenceName } from '../arguments.js';

const help = `
For 30 minutes, and from each of your saves on, others cannot save the sequence unless they say --ignore-lock (over the API: the
header Muster-Ignore-Lock: true). Taking it again renews it. Holders are told apart by their tokens; "muster describe" shows who
holds it. A lock is advice between authors, not a right.

Examples:
  muster lock harden-debian
  muster lock harden-debian --take-over        you hold it on another machine
  muster unlock harden-debian
  muster --ignore-lock unlock harden-debian    ends the lock of somebody else`;

/** `muster lock SEQUENCE`. */
export function registerLock(program: Command, terminal: Terminal): void {
  program
    .command('lock')
    .description('keep others from saving a task sequence while you edit it')
    .argument('<sequence>', 'name of the task sequence', sequenceName)
    .option('--machine <name>', 'where you edit it (default: the name of this computer)')
    .option('--take-over', 'also when you hold it on another machine')
    .addHelpText('after', help)
    .action(async (name: string, options: { machine?: string; takeOver?: boolean }, command: Command) => {
      const body = { machine: options.machine ?? hostname(), ...(options.takeOver ? { takeOver: true } : {}) };
      const lock = await withClient(command, terminal, (client) =>
        client.json<EditLock>('PUT', addressOf(name), { body }),
      );
      const whose = `${lock.holder} on ${lock.machine}`;
      terminal.out(`${objectName(taskSequence, name)} locked for ${whose} until ${lock.expiresAt}`);
    });
}

/** `muster unlock SEQUENCE`. */
export function registerUnlock(program: Command, terminal: Terminal): void {
  program
    .command('unlock')
    .description('let others save a task sequence again')
    .argument('<sequence>', 'name of the task sequence', sequenceName)
    .addHelpText('after', help)
    .action(async (name: string, _options: object, command: Command) => {
      const lock = await withClient(command, terminal, (client) => client.json<EditLock>('DELETE', addressOf(name)));
      terminal.out(`${objectName(taskSequence, name)} unlocked; ${lock.holder} on ${lock.machine} held it`);
    });
}

function addressOf(name: string): string {
  return `/api/v1/task-sequences/${encodeURIComponent(name)}/lock`;
}
