import { resolve } from 'node:path';
import type { MailOfSite } from '@muster/localsite/mail.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** What `muster up` is told of the mail server. */
export interface MailOptions {
  readonly mailServer?: string;
  readonly mailFrom?: string;
  readonly mailPasswordFile?: string;
  readonly mailTls?: string;
}

/**
 * The mail server of a site as the options say it; undefined: none.
 *
 * @throws CliError `cli.usage`: options that do not go together, or a password where everybody can read it
 */
export function mailOf(options: MailOptions): MailOfSite | undefined {
  const { mailServer: server, mailFrom: from, mailPasswordFile: file, mailTls: tls } = options;
  if (server === undefined) {
    if (from !== undefined || file !== undefined || tls !== undefined)
      throw usage('--mail-from, --mail-password-file and --mail-tls say more of --mail-server, which is missing');
    return undefined;
  }
  if (from === undefined) throw usage('--mail-server needs --mail-from: the address that mails come from');
  // It would be read by everybody who lists processes.
  if (URL.canParse(server) && new URL(server).password !== '')
    throw usage('a password has no place on the command line: write it into a file for --mail-password-file');
  return { server, from, passwordFile: file === undefined ? undefined : resolve(file), tls };
}

function usage(message: string): CliError {
  return new CliError('cli.usage', message, EXIT_CODES.usage);
}
