import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { CliError, reasonOf } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import type { Terminal } from '../terminal.js';

/**
 * Reads the YAML (or JSON) of one node from a file or, with `-`, from standard input. The server checks what it says.
 *
 * @throws CliError `document.not-readable`, `document.not-a-node`
 */
export async function readNode(file: string, terminal: Terminal): Promise<Record<string, unknown>> {
  let value: unknown;
  try {
    const bytes = file === '-' ? await terminal.readStandardInput() : readFileSync(file);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    const [reason = ''] = reasonOf(cause).split('\n');
    throw new CliError('document.not-readable', `cannot read ${file}: ${reason}`, EXIT_CODES.invalidDocument, {
      cause,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CliError(
    'document.not-a-node',
    `${file} has no node: write one of group: NAME with steps, step: NAME with type, or sequence: NAME`,
    EXIT_CODES.invalidDocument,
  );
}
