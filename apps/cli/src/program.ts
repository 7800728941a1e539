import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands/all-commands.js';
import { runAgentProgram } from './commands/run.js';
import { CLI_VERSION } from './commands/version.js';
import { EXIT_CODES, EXIT_CODES_HELP } from './errors/exit-codes.js';
import { reportFailure } from './errors/print-error.js';
import type { Terminal } from './terminal.js';

const help = `
Where to: --server and --token, or MUSTER_SERVER and MUSTER_TOKEN, or a context (muster config --help).

Examples:
  muster up --sample                              a whole site on this computer, with a sample
  muster apply -f hello-site.yaml                 create or change what the file says
  muster lint hello-site.yaml                     every mistake in a file, no server
  muster revisions hello-site                     who saved what and why; also diff, restore, node
  muster get devices                              muster get KIND [NAME] -o wide|json|yaml
  muster content upload hello packages/hello/
  muster content distribute hello --to local
  muster deploy hello-site --to hello-computers --name hello-site
  muster watch deployment hello-site              every step of every device, live
  muster events --watch                           what happens at the site; also muster alert list
  muster explain --device web-1                   what applies to it, which variable wins, and why
  muster hierarchy status                         the sites, how their links are, and what waits
  muster --site PR1 get collections               at another site (muster up --hierarchy 2)
  muster run hello-site.yaml                      the sequence on this computer, no server

${EXIT_CODES_HELP}`;

/** Commands that say something of all others. */
const ofAll: ReadonlySet<string> = new Set(['completion']);

/**
 * The program as commander has it. Throws CommanderError instead of ending the process.
 *
 * @param argv what stands behind `muster`: where it names a command, the program has that one only
 */
export async function buildProgram(terminal: Terminal, argv: readonly string[] = []): Promise<Command> {
  const program = new Command('muster')
    .description('Task sequences for fleets of computers: author, distribute, deploy, run, report.')
    .version(`muster ${CLI_VERSION}`, '--version', 'show the version of this program')
    .option('--context <name>', 'site of the contexts file to talk to')
    .option('--site <code>', 'the same by the code of the site, such as PR1')
    .option('--server <url>', 'address of the site')
    .option('--token <token>', 'API token')
    .option('--ignore-lock', 'save task sequences although somebody else is editing them (muster lock --help)')
    .addHelpText('after', help)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.error(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error: (?!cli\.)/, 'error: cli.usage: ')),
    })
    .showHelpAfterError('(muster COMMAND --help says more)');
  const wanted = commandOf(argv, program);
  const isOne = wanted !== undefined && Object.hasOwn(COMMANDS, wanted) && !ofAll.has(wanted);
  const loading = Object.entries(COMMANDS).filter(([name]) => !isOne || name === wanted);
  for (const register of await Promise.all(loading.map(([, load]) => load()))) register(program, terminal);
  return program;
}

/** The first word that is neither an option of the program nor the value of one. */
function commandOf(argv: readonly string[], program: Command): string | undefined {
  const withValue = new Set(program.options.filter(({ required }) => required).map(({ long }) => long));
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (withValue.has(word)) at += 1;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}

/**
 * The whole program.
 *
 * @param argv what stands behind `muster`
 * @returns the exit code. Never throws.
 */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const [first, ...rest] = argv;
    const ofSite = rest.some((word) => word === '--device' || word.startsWith('--device='));
    if (first === 'run' || (first === 'explain' && !ofSite)) return await runAgentProgram([first, ...rest]);
    const program = await buildProgram(terminal, argv);
    if (first === undefined) {
      program.outputHelp({ error: true });
      return EXIT_CODES.usage;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return EXIT_CODES.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
    return reportFailure(terminal, error);
  }
}
