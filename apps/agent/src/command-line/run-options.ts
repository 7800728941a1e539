import { Command, InvalidArgumentError } from 'commander';
import { LIMITS } from '@muster/sequence/limits.js';
import { writableNameProblem } from '@muster/sequence/names.js';
import type { RunStarted } from '@muster/sequence/run.js';
import { readVariables } from './input-files.js';
import type { LocatedFinding } from './sequence-document.js';
import { placeOf } from './sequence-document.js';

/** Where a command writes; a line has no end of line yet. */
export interface CommandOutput {
  out(line: string): void;
  error(line: string): void;
}

/** Of this process. */
export const processOutput: CommandOutput = {
  out: (line) => void process.stdout.write(`${line}\n`),
  error: (line) => void process.stderr.write(`${line}\n`),
};

export type OutputFormat = 'human' | 'json';

/** A command over a document of this computer, with the options that all of them have; it throws CommanderError. */
export function localCommand(name: string, output: CommandOutput): Command {
  return new Command(name)
    .argument('<file>', 'YAML with a TaskSequence; further ones in the same file are its children')
    .option('--var <NAME=VALUE>', 'set a variable; may be given several times', collectVariable, {})
    .option('--variables <file>', 'YAML with layers of variables: media, device, collections')
    .option('-o, --output <format>', 'human or json', parseFormat, 'human')
    .configureOutput({
      writeOut: (text) => output.out(text.trimEnd()),
      writeErr: (text) => output.error(text.trimEnd()),
    })
    .exitOverride();
}

/** Collects `--var NAME=VALUE`. */
function collectVariable(text: string, previous: Record<string, string>): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('write NAME=VALUE');
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  const problem = writableNameProblem(name);
  if (problem) throw new InvalidArgumentError(`${problem.code}: ${problem.message}`);
  if (value.length > LIMITS.variableValueLength)
    throw new InvalidArgumentError(`at most ${LIMITS.variableValueLength} characters`);
  return { ...previous, [name]: value };
}

function parseFormat(text: string): OutputFormat {
  if (text !== 'human' && text !== 'json') throw new InvalidArgumentError('human or json');
  return text;
}

/**
 * The layers that the command line gives: `--variables FILE`, and `--var` over its device variables.
 * @throws InputFileError
 */
export function variableLayers(variables: Record<string, string>, file: string | undefined): RunStarted['variables'] {
  if (file === undefined) return { device: variables };
  const layers = readVariables(file);
  return { ...layers, device: { ...layers.device, ...variables } };
}

/** Says everything that is wrong with a document, with its places. */
export function printFindings(
  file: string,
  findings: readonly LocatedFinding[],
  format: OutputFormat,
  output: CommandOutput,
): void {
  if (format === 'json') output.out(JSON.stringify({ event: 'document-invalid', file, findings }));
  for (const finding of findings) {
    const where = finding.path === '' ? '' : ` ${finding.path}`;
    output.error(
      `${file}${placeOf(finding)} ${finding.severity} ${finding.code}${where}: ${finding.message}; ${finding.fix}`,
    );
  }
}
