import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { replay } from '@muster/sequence/advance.js';
import { LIMITS } from '@muster/sequence/limits.js';
import { writableNameProblem } from '@muster/sequence/names.js';
import { compilePlan } from '@muster/sequence/plan.js';
import type { RunStarted } from '@muster/sequence/run.js';
import { HumanOutput } from './command-line/human-output.js';
import {
  type LoadedDocument,
  type LocatedFinding,
  loadSequenceDocument,
  placeOf,
} from './command-line/sequence-document.js';
import { JournalError, reasonOf } from './journal/journal-error.js';
import { Journal } from './journal/journal.js';
import { collectFacts } from './runner/facts.js';
import { LocalContent } from './runner/local-content.js';
import { runSequence } from './runner/run-sequence.js';

/** Exit codes of `run`; also in its help. */
export const RUN_EXIT_CODES = {
  succeeded: 0,
  failed: 1,
  usage: 2,
  invalidDocument: 3,
  stateFolder: 4,
  restartPending: 5,
  interrupted: 130,
} as const;

const help = `
Exit codes: 0 the sequence succeeded, 1 it failed, 2 wrong usage, 3 the document is not valid,
4 the state folder cannot be used, 5 a restart is pending (go on with --resume), 130 interrupted (go on with --resume).
With -o json each line of standard output is one event; after --resume the earlier events come again with the same
"number" and "replayed": true. The last line of a run that ended is run-finished.`;

interface RunOptions {
  readonly var: Record<string, string>;
  readonly state?: string;
  readonly content?: string;
  readonly output: 'human' | 'json';
  readonly resume?: boolean;
}

/** Where the command writes; a line has no end of line yet. */
export interface CommandOutput {
  out(line: string): void;
  error(line: string): void;
}

const processOutput: CommandOutput = {
  out: (line) => void process.stdout.write(`${line}\n`),
  error: (line) => void process.stderr.write(`${line}\n`),
};

/**
 * `muster-agent run FILE.yaml [--var K=V]… [--state DIR] [--content DIR] [-o json] [--resume]`: runs a sequence on this
 * computer, no server. SIGINT and SIGTERM let go of the run so that it can be resumed.
 * @param argv arguments behind `run`.
 * @returns the exit code (RUN_EXIT_CODES). Never throws for what a user did.
 */
export async function runCommand(argv: readonly string[], output: CommandOutput = processOutput): Promise<number> {
  let exitCode: number = RUN_EXIT_CODES.succeeded;
  const command = new Command('muster run')
    .argument('<file>', 'YAML with a TaskSequence')
    .description('Run a task sequence on this computer with the real engine and executors, no server')
    .option('--var <NAME=VALUE>', 'set a variable; may be given several times', collectVariable, {})
    .option('--state <dir>', 'state folder: keeps the journal, needed for --resume (default: a temporary one)')
    .option('--content <dir>', 'folder of packages: DIR/<package>/, programs in its package.yaml')
    .option('-o, --output <format>', 'human or json', parseFormat, 'human')
    .option('--resume', 'continue the run of the state folder')
    .addHelpText('after', help)
    .configureOutput({
      writeOut: (text) => output.out(text.trimEnd()),
      writeErr: (text) => output.error(text.trimEnd()),
    })
    .exitOverride()
    .action(async (file: string, options: RunOptions) => {
      exitCode = await runFile(file, options, output);
    });
  try {
    await command.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? RUN_EXIT_CODES.succeeded : RUN_EXIT_CODES.usage;
    if (error instanceof JournalError) {
      output.error(`${error.code}: ${error.message}`);
      return RUN_EXIT_CODES.stateFolder;
    }
    output.error(`run.failed: ${reasonOf(error)}`);
    return RUN_EXIT_CODES.failed;
  }
  return exitCode;
}

async function runFile(file: string, options: RunOptions, output: CommandOutput): Promise<number> {
  if (options.resume && options.state === undefined) {
    output.error('run.state-missing: --resume needs --state DIR, the state folder of the run to continue');
    return RUN_EXIT_CODES.usage;
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    output.error(`document.not-readable: cannot read ${file}: ${reasonOf(error)}`);
    return RUN_EXIT_CODES.invalidDocument;
  }
  const document = loadSequenceDocument(text);
  if ('findings' in document) {
    printFindings(file, document.findings, options.output, output);
    return RUN_EXIT_CODES.invalidDocument;
  }
  const temporary = options.state === undefined ? mkdtempSync(join(tmpdir(), 'muster-run-')) : undefined;
  const folder = resolve(options.state ?? temporary ?? '.');
  const earlier = prepareFolder(folder, options.resume === true, output);
  if (earlier === 'refused') return RUN_EXIT_CODES.stateFolder;
  const { name, spec } = document;
  if (earlier && !isDeepStrictEqual(earlier.sequence.spec, spec)) {
    output.error(
      `run.document-changed: ${file} is not what this run started with; the run goes on with what it started with`,
    );
  }
  const started = earlier ?? startOf(document, options);
  const { plan } = compilePlan(started.sequence.name, started.sequence.spec, started.children);
  const human = new HumanOutput(started.sequence.name, plan, (line) => output.out(line));

  const letGo = new AbortController();
  const onSignal = (): void => letGo.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const result = await runSequence({
      runId: started.runId,
      sequence: { name, spec },
      children: started.children,
      variables: started.variables,
      facts: started.facts,
      folder,
      content: new LocalContent(options.content),
      signal: letGo.signal,
      onReport: (report, replayed) => {
        if (options.output === 'human') human.show(report);
        else output.out(JSON.stringify(replayed ? { ...report, replayed } : report));
      },
      onWarning: (message) => output.error(`journal.torn: ${message}`),
    });
    const over = result.result === 'succeeded' || result.result === 'failed';
    if (temporary !== undefined && over) rmSync(temporary, { recursive: true, force: true });
    if (!over) output.error(`run.${result.result}: continue with: muster run ${file} --state ${folder} --resume`);
    return exitCodeOf(result.result);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function exitCodeOf(result: 'succeeded' | 'failed' | 'restart-pending' | 'interrupted'): number {
  return RUN_EXIT_CODES[result === 'restart-pending' ? 'restartPending' : result];
}

/** The first event of the run to resume; undefined for a new run; 'refused' after saying why. */
function prepareFolder(folder: string, resume: boolean, output: CommandOutput): RunStarted | undefined | 'refused' {
  const entries = Journal.read(folder);
  const first = entries[0]?.event;
  if (first?.type !== 'run-started') return undefined;
  if (resume) return first;
  if (replay(entries).run?.awaiting.kind !== 'nothing') {
    output.error(
      `run.unfinished: ${folder} holds a run that has not ended: add --resume to continue it, or choose another folder`,
    );
    return 'refused';
  }
  Journal.archive(folder, first.runId);
  return undefined;
}

function startOf(document: Exclude<LoadedDocument, { findings: unknown }>, options: RunOptions): RunStarted {
  const { name, spec, children } = document;
  return {
    type: 'run-started',
    runId: randomUUID(),
    sequence: { name, spec },
    children,
    variables: { device: options.var },
    facts: collectFacts([spec, ...Object.values(children)]),
  };
}

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

function parseFormat(text: string): 'human' | 'json' {
  if (text !== 'human' && text !== 'json') throw new InvalidArgumentError('human or json');
  return text;
}

function printFindings(
  file: string,
  findings: readonly LocatedFinding[],
  format: 'human' | 'json',
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
