import { Command, CommanderError } from 'commander';
import { registerAlert } from './commands/monitoring/alert.js';
import { registerAudit } from './commands/monitoring/audit.js';
import { registerApiToken } from './commands/site/api-token.js';
import { registerApply } from './commands/objects/apply.js';
import { registerCollection } from './commands/devices/collection.js';
import { registerCompletion } from './commands/completion.js';
import { registerConfig } from './commands/site/config.js';
import { registerContent } from './commands/content/content.js';
import { registerCopy, registerRename } from './commands/sequences/copy.js';
import { registerCreate } from './commands/sequences/create.js';
import { registerDelete } from './commands/objects/delete.js';
import { registerDeploy } from './commands/deployments/deploy.js';
import { registerDeployment } from './commands/deployments/deployment.js';
import { registerDescribe } from './commands/objects/describe.js';
import { registerDiff } from './commands/sequences/diff.js';
import { registerDevice } from './commands/devices/device.js';
import { registerEnrolmentToken } from './commands/devices/enrolment-token.js';
import { registerEvents } from './commands/monitoring/events.js';
import { registerExplain } from './commands/deployments/explain-device.js';
import { registerExport } from './commands/export/export.js';
import { registerFolder } from './commands/sequences/folder.js';
import { registerGet } from './commands/objects/get.js';
import { registerImport } from './commands/import/import.js';
import { runAgentProgram } from './commands/run.js';
import { registerLint } from './commands/sequences/lint.js';
import { registerLock, registerUnlock } from './commands/sequences/lock.js';
import { registerMove } from './commands/sequences/move.js';
import { registerNode } from './commands/sequences/node.js';
import { registerRestore } from './commands/sequences/restore.js';
import { registerRevisions } from './commands/sequences/revisions.js';
import { registerSearch } from './commands/sequences/search.js';
import { registerHierarchy } from './commands/site/hierarchy.js';
import { registerVariable } from './commands/devices/variable.js';
import { registerUp } from './commands/site/up.js';
import { CLI_VERSION, registerVersion } from './commands/version.js';
import { registerWatch } from './commands/objects/watch.js';
import { registerWebhook } from './commands/monitoring/webhook.js';
import { registerWhereUsed } from './commands/sequences/where-used.js';
import { registerWindows } from './commands/deployments/windows.js';
import { registerRollout } from './commands/deployments/rollout.js';
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

/** The commands as commander has them. Throws CommanderError instead of ending the process. */
export function buildProgram(terminal: Terminal): Command {
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
  registerUp(program, terminal);
  registerApply(program, terminal);
  registerCreate(program, terminal);
  registerGet(program, terminal);
  registerDescribe(program, terminal);
  registerDelete(program, terminal);
  registerDiff(program, terminal);
  registerLint(program, terminal);
  registerSearch(program, terminal);
  registerWhereUsed(program, terminal);
  registerWindows(program, terminal);
  registerRevisions(program, terminal);
  registerRestore(program, terminal);
  registerNode(program, terminal);
  registerCopy(program, terminal);
  registerRename(program, terminal);
  registerExport(program, terminal);
  registerLock(program, terminal);
  registerUnlock(program, terminal);
  registerMove(program, terminal);
  registerFolder(program, terminal);
  registerDeployment(program, terminal);
  registerRollout(program, terminal);
  registerImport(program, terminal);
  registerDeploy(program, terminal);
  registerWatch(program, terminal);
  registerAlert(program, terminal);
  registerEvents(program, terminal);
  registerWebhook(program, terminal);
  registerAudit(program, terminal);
  // Only for the list in --help: runCli hands these over before commander looks at them.
  program.command('run').argument('<file>').description('run a task sequence on this computer, no server');
  registerExplain(program, terminal);
  registerCollection(program, terminal);
  registerDevice(program, terminal);
  registerVariable(program, terminal);
  registerContent(program, terminal);
  registerHierarchy(program, terminal);
  registerEnrolmentToken(program, terminal);
  registerApiToken(program, terminal);
  registerConfig(program, terminal);
  registerVersion(program, terminal);
  registerCompletion(program, terminal);
  return program;
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
    const program = buildProgram(terminal);
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
