import { readFileSync } from 'node:fs';
import { CliError, reasonOf } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** The sealing key of another site, from the file `keys/sealing-key` of its data folder. Throws CliError `up.sealing-key`. */
export function readSealingKey(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new CliError('up.sealing-key', `${path} cannot be read: ${reasonOf(cause)}`, EXIT_CODES.usage, { cause });
  }
  if (/^[A-Za-z0-9_-]{43}(,[A-Za-z0-9_-]{43})*$/.test(text)) return text;
  throw new CliError(
    'up.sealing-key',
    `${path} is no sealing key: give the file keys/sealing-key of the other site's data folder`,
    EXIT_CODES.usage,
  );
}
