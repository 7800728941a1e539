import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/**
 * `NAME=VALUE` arguments as an object.
 *
 * @param option what the user typed before each, for the message
 * @throws CliError `cli.name-and-value`
 */
export function readPairs(pairs: readonly string[], option: string): Record<string, string> {
  const read = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, equals)).trim();
    if (name === '')
      throw new CliError('cli.name-and-value', `${option} takes NAME=VALUE, not "${pair}"`, EXIT_CODES.usage);
    if (read.has(name))
      throw new CliError('cli.name-and-value', `${option} ${name}=… is given twice`, EXIT_CODES.usage);
    read.set(name, pair.slice(equals + 1));
  }
  return Object.fromEntries(read);
}
