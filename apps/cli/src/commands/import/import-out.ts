import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImportedSequence } from '@muster/interchange/import-sequence.js';
import { stringify } from 'yaml';
import { CliError, reasonOf, systemCode } from '../../errors/cli-error.js';
import { EXIT_CODES, type ExitCode } from '../../errors/exit-codes.js';
import { printError } from '../../errors/print-error.js';
import { safeLine } from '../../output/safe-text.js';
import type { Terminal } from '../../terminal.js';

/**
 * Writes each sequence as `NAME.yaml`, with what is left to do in comments. A file that is there with another content stays.
 *
 * @returns exit codes of those that could not be written
 */
export function writeSequences(
  folder: string,
  imported: readonly { file: string; sequence: ImportedSequence }[],
  terminal: Terminal,
): ExitCode[] {
  const failures: ExitCode[] = [];
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new CliError('import.out-not-writable', `cannot make ${folder}: ${reasonOf(error)}`, EXIT_CODES.failed);
  }
  for (const { file, sequence } of imported) {
    const path = join(folder, `${sequence.document.metadata.name}.yaml`);
    const text = `${header(file, sequence).join('\n')}\n${stringify(sequence.document, { lineWidth: 0 })}`;
    try {
      terminal.out(`${path} ${write(path, text)}`);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      printError(terminal, error);
      failures.push(error.exitCode);
    }
  }
  return failures;
}

function write(path: string, text: string): 'written' | 'unchanged' {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return 'written';
  } catch (error) {
    if (systemCode(error) !== 'EEXIST')
      throw new CliError('import.out-not-writable', `cannot write ${path}: ${reasonOf(error)}`, EXIT_CODES.failed);
    if (readFileSync(path, 'utf8') === text) return 'unchanged';
    const message = `${path} is there already with another content; remove it, or choose another folder`;
    throw new CliError('import.out-exists', message, EXIT_CODES.conflict);
  }
}

function header(file: string, { member, references, secrets, findings, id }: ImportedSequence): string[] {
  const open = references.filter(({ bound }) => !bound);
  const notes = findings.filter(({ severity }) => severity === 'note');
  const lines = [
    `imported from ${file}${member === undefined ? '' : `, ${member}`}${id === undefined ? '' : ` (${id})`}`,
    ...open.map(({ kind, name, id: theirs, displayName }) => {
      const shown = displayName === undefined ? '' : ` "${displayName}"`;
      return `to bind: ${name} is ${kind} ${theirs}${shown}`;
    }),
    ...secrets.map(({ path, what, variable }) => {
      const where = path === '' ? '' : `${path}: `;
      return `secret: ${where}${what}${variable === undefined ? '' : `; give it as the secret variable ${variable}`}`;
    }),
    ...notes.map(({ path, code, message }) => `note: ${path === '' ? '' : `${path}: `}${message} (${code})`),
  ];
  return lines.map((line) => `# ${safeLine(line)}`);
}
