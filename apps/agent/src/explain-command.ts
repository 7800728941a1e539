import { CommanderError } from 'commander';
import type { ProbeAnswer, WorldExpression } from '@muster/sequence/conditions/model.js';
import { type SequenceExplanation, explainSequence } from '@muster/sequence/explain.js';
import type { RunStarted } from '@muster/sequence/run.js';
import { NOT_ASKED } from '@muster/sequence/simulate.js';
import type { ContentReference } from '@muster/sequence/steps/definition.js';
import { explanationLines } from './command-line/explain-output.js';
import { InputFileError, readSimulation, readTextFile } from './command-line/input-files.js';
import {
  type CommandOutput,
  type OutputFormat,
  localCommand,
  printFindings,
  processOutput,
  variableLayers,
} from './command-line/run-options.js';
import { loadSequenceDocument } from './command-line/sequence-document.js';
import { answerProbe } from './conditions/probes.js';
import { reasonOf } from './journal/journal-error.js';
import { LocalContent } from './runner/local-content.js';
import { toOutcome } from './runner/simulated-step-performer.js';
import { SimulatedOutcomes } from './runner/simulation-table.js';
import { startOf } from './run-command.js';

/** Exit codes of `explain`; also in its help. */
export const EXPLAIN_EXIT_CODES = { ok: 0, failed: 1, usage: 2, invalidDocument: 3 } as const;

const help = `
Examples:
  $ muster explain harden.yaml
  $ muster explain harden.yaml --var Ring=pilot --variables layers.yaml --content ./packages
  $ muster explain harden.yaml --simulate outcomes.yaml -o json   # what if a step fails?

The engine itself decides: every step is assumed to succeed (with exit code 0, or the first of its success codes), or to end
as --simulate says, and nothing is executed.
Conditions that look at this computer are answered by this computer.

Exit codes: 0 explained, 1 the sequence could not run at all, 2 wrong usage, 3 the document or a file beside it is not valid.`;

interface ExplainOptions {
  readonly var: Record<string, string>;
  readonly variables?: string;
  readonly content?: string;
  readonly simulate?: string;
  readonly step?: string;
  readonly output: OutputFormat;
}

/**
 * `muster explain FILE.yaml …`: says for every step whether it would run on this computer, and why.
 * @param argv arguments behind `explain`.
 * @returns the exit code (EXPLAIN_EXIT_CODES). Never throws for what a user did.
 */
export async function explainCommand(argv: readonly string[], output: CommandOutput = processOutput): Promise<number> {
  let exitCode: number = EXPLAIN_EXIT_CODES.ok;
  const command = localCommand('muster explain', output)
    .description('Say for every step whether it would run on this computer, and why')
    .option('--content <dir>', 'folder of packages: says which are missing')
    .option('--simulate <file>', 'assume these outcomes instead of success')
    .option('--step <text>', 'only nodes whose path contains this text')
    .addHelpText('after', help)
    .action(async (file: string, options: ExplainOptions) => {
      exitCode = await explainFile(file, options, output);
    });
  try {
    await command.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXPLAIN_EXIT_CODES.ok : EXPLAIN_EXIT_CODES.usage;
    const code = error instanceof InputFileError ? error.code : 'explain.failed';
    output.error(`${code}: ${reasonOf(error)}`);
    return error instanceof InputFileError ? EXPLAIN_EXIT_CODES.invalidDocument : EXPLAIN_EXIT_CODES.failed;
  }
  return exitCode;
}

async function explainFile(file: string, options: ExplainOptions, output: CommandOutput): Promise<number> {
  const document = await loadSequenceDocument(readTextFile(file));
  if ('findings' in document) {
    printFindings(file, document.findings, options.output, output);
    return EXPLAIN_EXIT_CODES.invalidDocument;
  }
  const outcomes = new SimulatedOutcomes(options.simulate === undefined ? {} : readSimulation(options.simulate));
  const started = startOf(document, variableLayers(options.var, options.variables), true);
  const explained = await explainHere(started, outcomes, options.content);
  const nodes = explained.nodes.filter(({ path }) => options.step === undefined || path.includes(options.step));
  if (options.output === 'json') output.out(JSON.stringify({ ...explained, nodes }));
  else for (const line of explanationLines({ ...explained, nodes })) output.out(line);
  if (!explained.problem) return EXPLAIN_EXIT_CODES.ok;
  output.error(`${explained.problem.code}: ${explained.problem.message}`);
  return EXPLAIN_EXIT_CODES.failed;
}

/**
 * Explains a run for this computer. The engine asks while it runs and cannot wait: so it is run again whenever it asked something
 * new, until every question has its answer.
 */
async function explainHere(
  started: RunStarted,
  outcomes: SimulatedOutcomes,
  content: string | undefined,
): Promise<SequenceExplanation> {
  const answers = new Map<string, ProbeAnswer>();
  const local = content === undefined ? undefined : new LocalContent(content);
  const isAvailable = local && ((reference: ContentReference) => local.has(reference));
  for (;;) {
    const open: WorldExpression[] = [];
    outcomes.rewind();
    const explained = explainSequence(started, {
      outcome: ({ path, name }) => toOutcome(outcomes.next(path, name)),
      probe: (question) => {
        const answer = answers.get(JSON.stringify(question));
        if (!answer) open.push(question);
        return answer ?? NOT_ASKED;
      },
      isAvailable,
    });
    if (open.length === 0) return explained;
    for (const question of open) answers.set(JSON.stringify(question), await answerProbe(question));
  }
}
