import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CommanderError } from 'commander';
import { replay } from '@muster/sequence/advance.js';
import { compilePlan } from '@muster/sequence/plan.js';
import { planOfRun } from '@muster/sequence/plan-of-run.js';
import type { JournalEntry, RunStarted } from '@muster/sequence/run.js';
import { HumanOutput } from './command-line/human-output.js';
import { InputFileError, readSimulation, readTextFile } from './command-line/input-files.js';
import { LiveStatus } from './command-line/live-status.js';
import {
  type CommandOutput,
  type OutputFormat,
  localCommand,
  printFindings,
  processOutput,
  variableLayers,
} from './command-line/run-options.js';
import { type SequenceDocument, loadSequenceDocument } from './command-line/sequence-document.js';
import { JournalError, reasonOf } from './journal/journal-error.js';
import { Journal } from './journal/journal.js';
import { collectFacts } from './runner/facts.js';
import { LocalContent } from './runner/local-content.js';
import { type RunSequenceOptions, type SequenceResult, runSequence } from './runner/run-sequence.js';
import { SimulatedStepPerformer } from './runner/simulated-step-performer.js';
import { SimulatedOutcomes } from './runner/simulation-table.js';

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
Examples:
  $ muster run harden.yaml --content ./packages
  $ muster run harden.yaml --var Ring=pilot --variables layers.yaml -o json
  $ muster run harden.yaml --state ./state          # stopped or restarted? go on with --resume
  $ muster run harden.yaml --simulate outcomes.yaml # nothing is executed

A table for --simulate names steps by path (Group/Step) or by name; outcomes are used in order, the last one repeats,
a step without any (or without exitCode) succeeds, and a restart goes on at once:
  "Prepare/Install hello": [{exitCode: 3010}, {exitCode: 0, set: {Installed: "yes"}}]
  Partition disk: [{exitCode: 5}]
  Update firmware: [{restart: true}]

Exit codes: 0 the sequence succeeded, 1 it failed, 2 wrong usage, 3 the document or a file beside it is not valid,
4 the state folder cannot be used, 5 a restart is pending (go on with --resume), 130 interrupted (go on with --resume).
With -o json each line of standard output is one event; after --resume the earlier events come again with the same
"number" and "replayed": true. The last line of a run that ended is run-finished.`;

interface RunOptions {
  readonly var: Record<string, string>;
  readonly variables?: string;
  readonly state?: string;
  readonly content?: string;
  readonly output: OutputFormat;
  readonly resume?: boolean;
  readonly simulate?: string;
}

/**
 * `muster-agent run FILE.yaml …`: runs a sequence on this computer, no server. SIGINT and SIGTERM let go of the run so that it
 * can be resumed.
 * @param argv arguments behind `run`.
 * @param output default: this process, with a live line where standard output is a terminal.
 * @returns the exit code (RUN_EXIT_CODES). Never throws for what a user did.
 */
export async function runCommand(argv: readonly string[], output: CommandOutput = processOutput): Promise<number> {
  let exitCode: number = RUN_EXIT_CODES.succeeded;
  const command = localCommand('muster run', output)
    .description('Run a task sequence on this computer with the real engine and executors, no server')
    .option('--state <dir>', 'state folder: keeps the journal, needed for --resume (default: a temporary one)')
    .option('--content <dir>', 'folder of packages: DIR/<package>/, programs in its package.yaml')
    .option('--resume', 'continue the run of the state folder')
    .option('--simulate <file>', 'execute nothing: take the outcome of each step from a table')
    .addHelpText('after', help)
    .action(async (file: string, options: RunOptions) => {
      exitCode = await runFile(file, options, output);
    });
  try {
    await command.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? RUN_EXIT_CODES.succeeded : RUN_EXIT_CODES.usage;
    if (error instanceof JournalError || error instanceof InputFileError) {
      output.error(`${error.code}: ${error.message}`);
      return error instanceof JournalError ? RUN_EXIT_CODES.stateFolder : RUN_EXIT_CODES.invalidDocument;
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
  const document = await loadSequenceDocument(readTextFile(file));
  if ('findings' in document) {
    printFindings(file, document.findings, options.output, output);
    return RUN_EXIT_CODES.invalidDocument;
  }
  const table = options.simulate === undefined ? undefined : readSimulation(options.simulate);
  const variables = variableLayers(options.var, options.variables);
  const temporary = options.state === undefined ? mkdtempSync(join(tmpdir(), 'muster-run-')) : undefined;
  const folder = resolve(options.state ?? temporary ?? '.');
  const earlier = prepareFolder(folder, options, output);
  if (earlier === 'refused') return RUN_EXIT_CODES.stateFolder;
  if (earlier && !isDeepStrictEqual(earlier.started.sequence.spec, document.spec)) {
    output.error(
      `run.document-changed: ${file} is not what this run started with; the run goes on with what it started with`,
    );
  }
  const started = earlier?.started ?? startOf(document, variables, table !== undefined);
  const outcomes = table && new SimulatedOutcomes(table);
  if (outcomes && earlier) skipTaken(outcomes, started, earlier.entries);
  const result = await follow(started, folder, options, output, outcomes);

  const over = result.result === 'succeeded' || result.result === 'failed';
  if (temporary !== undefined && over) rmSync(temporary, { recursive: true, force: true });
  if (!over) output.error(`run.${result.result}: continue with: muster run ${file} --state ${folder} --resume`);
  for (const key of outcomes?.unused() ?? [])
    output.error(`simulation.unused: no step took an outcome from "${key}" of ${options.simulate ?? ''}`);
  return exitCodeOf(result.result);
}

/** Runs, and shows what happens in the way that was asked for. */
async function follow(
  started: RunStarted,
  folder: string,
  options: RunOptions,
  output: CommandOutput,
  outcomes: SimulatedOutcomes | undefined,
): Promise<SequenceResult> {
  const { plan } = compilePlan(started.sequence.name, started.sequence.spec, started.children);
  const onTerminal = output === processOutput && options.output === 'human';
  const human = new HumanOutput(started.sequence.name, plan, (line) =>
    onTerminal ? live.line(line) : output.out(line),
  );
  const live = new LiveStatus(process.stdout, (now) => human.status(now));
  const letGo = new AbortController();
  const onSignal = (): void => letGo.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  if (onTerminal) live.start();
  try {
    return await runSequence({
      runId: started.runId,
      sequence: started.sequence,
      children: started.children,
      variables: started.variables,
      facts: started.facts,
      simulated: started.simulated,
      folder,
      content: new LocalContent(options.content),
      signal: letGo.signal,
      ...(outcomes ? simulation(outcomes, started) : {}),
      onReport: (report, replayed) => {
        // In a simulation the restart is over already: the run has not come to an end, not even for now.
        const restarted = outcomes !== undefined && report.result === 'restart-pending';
        if (options.output === 'json') {
          const event = restarted ? { ...report, event: 'run-restarted', result: undefined } : report;
          output.out(JSON.stringify(replayed ? { ...event, replayed } : event));
        } else if (restarted) human.note('restart');
        else human.show(report);
      },
      onProgress: ({ message, step, of }) =>
        human.showProgress(
          [step === undefined ? '' : `${step}${of === undefined ? '' : `/${of}`}`, message].join(' ').trim(),
        ),
      onWarning: (message) => output.error(`journal.torn: ${message}`),
    });
  } finally {
    live.stop();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Nothing is executed, nobody waits, and a restart is over at once. */
function simulation(
  outcomes: SimulatedOutcomes,
  started: RunStarted,
): Pick<RunSequenceOptions, 'performer' | 'restart' | 'waits'> {
  return {
    performer: new SimulatedStepPerformer(outcomes, planOfRun(started).plan),
    restart: ({ target }) => Promise.resolve({ kind: 'completed', phase: target }),
    waits: 'skipped',
  };
}

/** Outcomes that an interrupted simulation has used already. */
function skipTaken(outcomes: SimulatedOutcomes, started: RunStarted, entries: readonly JournalEntry[]): void {
  const { plan } = compilePlan(started.sequence.name, started.sequence.spec, started.children);
  for (const { event } of entries) {
    if (event.type !== 'step-ended') continue;
    const instruction = plan.instructions[event.position];
    if (instruction) outcomes.next(instruction.path, instruction.name);
  }
}

function exitCodeOf(result: SequenceResult['result']): number {
  return RUN_EXIT_CODES[result === 'restart-pending' ? 'restartPending' : result];
}

/** The run to resume; undefined for a new run; 'refused' after saying why. */
function prepareFolder(
  folder: string,
  { resume, simulate }: RunOptions,
  output: CommandOutput,
): { started: RunStarted; entries: readonly JournalEntry[] } | undefined | 'refused' {
  const entries = Journal.read(folder);
  const started = entries[0]?.event;
  if (started?.type !== 'run-started') {
    if (!resume) return undefined;
    // A mistyped folder would otherwise run everything again.
    output.error(`run.nothing-to-resume: ${folder} holds no run: leave --resume out to begin one, or name its folder`);
    return 'refused';
  }
  const over = replay(entries).run?.awaiting.kind === 'nothing';
  if (resume && !over && (started.simulated === true) !== (simulate !== undefined)) {
    const how = started.simulated
      ? 'was begun with --simulate: give --simulate again'
      : 'is a real one: leave --simulate out';
    output.error(`run.simulation-mismatch: the run in ${folder} ${how}, or choose another folder`);
    return 'refused';
  }
  if (resume) return { started, entries };
  if (!over) {
    output.error(
      `run.unfinished: ${folder} holds a run that has not ended: add --resume to continue it, or choose another folder`,
    );
    return 'refused';
  }
  Journal.archive(folder, started.runId);
  return undefined;
}

/** The first event of a new run of a document on this computer. */
export function startOf(
  { name, spec, children }: SequenceDocument,
  variables: RunStarted['variables'],
  simulated: boolean,
): RunStarted {
  return {
    type: 'run-started',
    runId: randomUUID(),
    sequence: { name, spec },
    children,
    variables,
    facts: collectFacts([spec, ...Object.values(children)]),
    ...(simulated ? { simulated } : {}),
  };
}
