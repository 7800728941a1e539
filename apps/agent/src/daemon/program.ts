import { Command, CommanderError, Option } from 'commander';
import { pino } from 'pino';
import { AGENT_VERSION, type AgentConfig } from '../config.js';
import { describeEnrolment, enrol } from '../enrolment/enrol.js';
import { describeError } from '../identity/agent-error.js';
import { askForRotation } from '../identity/key-rotation.js';
import { stateFolder } from '../identity/state-folder.js';
import { runCommand } from '../run-command.js';
import { runDaemon } from './daemon.js';
import { clearCache, listCache } from './cache-command.js';
import { describeCache, sizeText } from './cache-output.js';
import { askForStart, readOffers } from './offers.js';
import { describeOffers } from './offers-output.js';
import { askForSnooze } from '../people/snooze-command.js';
import { minutesOf, putOffLines } from '../people/snooze-output.js';
import { StartRequests } from './start-requests.js';
import { enrolledIdentity } from './stored-policy.js';
import { gatherFacts } from '../facts/gather-facts.js';
import { describeFacts } from './facts-command.js';
import { describeStatus, readStatus } from './status-command.js';

/** Exit codes of the program; also in its help. `run` has its own. */
export const EXIT_CODES = { ok: 0, failed: 1, usage: 2, notEnrolled: 3 } as const;

/** Failures that a repetition cannot mend: the caller has to say or do something else first. */
const usageCodes = new Set([
  'config.invalid',
  'agent.layout-version',
  'agent.not-writable',
  'agent.not-readable',
  'agent.in-use',
  'agent.state-corrupt',
  'agent.key-invalid',
  'agent.server-invalid',
  'enrolment.token-malformed',
  'enrolment.token-missing',
  'enrolment.name-invalid',
]);

const commandNames = new Set([
  'enrol',
  'daemon',
  'run',
  'status',
  'list',
  'start',
  'snooze',
  'retrieve-policy',
  'cache',
  'facts',
  'rotate-key',
  'help',
]);

const help = `
A computer is enrolled once, then the daemon does the work:
  $ muster-agent enrol --server https://muster.example.org --token mse_….…
  $ muster-agent daemon

Exit codes:
  0  done; for the daemon: it was told to stop
  1  it failed: the site cannot be reached, or refuses
  2  wrong usage, or a state folder that cannot be used (agent.layout-version, agent.not-writable, agent.in-use)
  3  this computer is not enrolled
Every failure is one line on standard error: a stable code, what is wrong, what would be right.

Environment:
  MUSTER_AGENT_STATE      state folder, where --state is not given
  MUSTER_ENROLMENT_TOKEN  enrolment token, where --token is not given: a command line can be read by others
  MUSTER_AGENT_RESTART    allow: a run that asks for it restarts this computer (as the systemd service has it);
                          never (default): its owner restarts it, and the run waits
  MUSTER_AGENT_RESTART_COMMAND
                          program and arguments that restart it; default: systemctl reboot, shutdown -r now or reboot
  MUSTER_AGENT_TELL_COMMAND
                          program and arguments that tell people who are logged in of a run or a restart, the text comes as
                          one more argument; default: wall
  MUSTER_AGENT_SESSIONS   where systemd-logind tells who is logged in; default: /run/systemd/sessions
  MUSTER_AGENT_METERED    yes, no, or auto (default): NetworkManager says whether the connection costs by what goes over it
  MUSTER_AGENT_INTRANET   networks of the organisation, 10.0.0.0/8,2001:db8::/32; outside of them the computer is on the Internet;
                          none: always; default: never
  MUSTER_AGENT_WRITE_FILTER  yes, no, or auto (default): what is mounted says whether a restart drops what was written
  MUSTER_AGENT_CACHE_MB   most that the content cache may take, in MiB, unless the settings of the site say it; default: 5120,
                          or a fifth of the disk if less
  MUSTER_LOG_LEVEL        trace, debug, info (default), warn or error; the daemon logs JSON lines to standard output`;

/** What the program needs from its process. */
export interface Surroundings {
  readonly config: AgentConfig;
  /** Aborted when the process is told to stop. */
  readonly signal: AbortSignal;
  out(line: string): void;
  error(line: string): void;
  /** The daemon is at work. */
  ready(deviceUid: string): void;
}

/**
 * `muster-agent [enrol|daemon|run|status|list|start|snooze|retrieve-policy|cache|facts] …`; `daemon` is the default.
 * @param argv arguments behind the program's name
 * @returns the exit code (EXIT_CODES, for `run` RUN_EXIT_CODES); never throws for what a user did
 */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  if (argv[0] === 'run') return runCommand(argv.slice(1));
  const { error } = surroundings;
  const [first = ''] = argv;
  // Commander would hand it to the default command and complain of its arguments.
  if (!first.startsWith('-') && first !== '' && !commandNames.has(first)) {
    error(
      `agent.usage: unknown command "${first}"; there are enrol, daemon, run, status, list, start, snooze, retrieve-policy, cache, facts and rotate-key, see --help`,
    );
    return EXIT_CODES.usage;
  }
  let exitCode: number = EXIT_CODES.ok;
  const program = buildProgram(surroundings, (code) => (exitCode = code));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (failure) {
    if (failure instanceof CommanderError) return failure.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
    if (surroundings.signal.aborted) return EXIT_CODES.failed;
    const { code, message } = describeError(failure);
    error(`${code}: ${message}`);
    if (code === 'agent.not-enrolled') return EXIT_CODES.notEnrolled;
    return usageCodes.has(code) ? EXIT_CODES.usage : EXIT_CODES.failed;
  }
}

function buildProgram(surroundings: Surroundings, exitWith: (code: number) => void): Command {
  const { config, signal, out, error, ready } = surroundings;
  const state = (): Option =>
    new Option('--state <dir>', 'state folder; one agent serves one folder').default(config.state);
  const program = new Command('muster-agent')
    .description(
      'The program on the computer: takes verified policy from a site, runs task sequences, reports each step.',
    )
    .version(AGENT_VERSION)
    .addHelpText('after', help)
    .configureOutput({
      writeOut: (text) => out(text.trimEnd()),
      writeErr: (text) => error(text.trimEnd()),
      outputError: (text) =>
        error(
          `agent.usage: ${text
            .replace(/^error: /, '')
            .trim()
            .replaceAll(/\s*\n\s*/g, ' ')}`,
        ),
    })
    .exitOverride();

  program
    .command('enrol')
    .description('make this computer a device of a site, with a one-time token; does nothing when it is one already')
    .requiredOption('--server <url>', 'address of the site')
    .option('--token <token>', 'one-time enrolment token, mse_….…')
    .option('--name <name>', "name of the device (default: the computer's name)")
    .option('--force', 'replace the identity that is there; its runs and unsent reports are set aside')
    .addOption(state())
    .action(async (options: { server: string; token?: string; name?: string; force?: boolean; state: string }) => {
      const token = options.token ?? config.enrolmentToken ?? '';
      out(describeEnrolment(await enrol(stateFolder(options.state), { ...options, token, signal })));
    });

  program
    .command('daemon', { isDefault: true })
    .description('ask for policy, run what it wants, report; until SIGTERM. The default')
    .addOption(state())
    .action(async (options: { state: string }) => {
      // Synchronous: the last line before the end must not be lost.
      const logger = pino({ level: config.logLevel, base: { service: 'agent' } }, pino.destination({ sync: true }));
      await runDaemon(stateFolder(options.state), {
        logger,
        signal,
        restart: config.restart,
        tellCommand: config.tellCommand,
        sessionsFolder: config.sessionsFolder,
        whereabouts: config.whereabouts,
        cacheMegabytes: config.cacheMegabytes,
        ready: ({ deviceUid, site, server, name }) => {
          logger.info({ deviceUid, site, server, name, version: AGENT_VERSION }, 'agent is at work');
          ready(deviceUid);
        },
      });
      logger.info('agent stopped');
    });

  program
    .command('status')
    .description('say who this computer is, what its policy is, what ran, and what the site has not heard yet')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['human', 'json']).default('human'))
    .addOption(state())
    .action(async (options: { state: string; output: string }) => {
      const status = await readStatus(stateFolder(options.state));
      if (options.output === 'json') out(JSON.stringify(status));
      else describeStatus(status).forEach(out);
      if (!status.enrolled) exitWith(EXIT_CODES.notEnrolled);
    });

  program
    .command('list')
    .description('say what is deployed to this computer, when each would start and why not now')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['human', 'json']).default('human'))
    .addOption(state())
    .action(async (options: { state: string; output: string }) => {
      const offers = await readOffers(stateFolder(options.state), Date.now());
      if (options.output === 'json') out(JSON.stringify(offers));
      else describeOffers(offers).forEach(out);
    });

  program
    .command('start')
    .description('ask the daemon to run a deployment now: an Available one, or a Required one that lets users start it')
    .argument('<deployment>', 'its name, as muster-agent list says it')
    .addOption(state())
    .action(async (deployment: string, options: { state: string }) => {
      const { highImpact = [] } = await askForStart(stateFolder(options.state), deployment, Date.now());
      highImpact.forEach(out);
      out(`${deployment} starts as soon as no other run goes on; muster-agent status follows it`);
    });

  program
    .command('snooze')
    .description(
      'put off a start of which people here were warned, or a restart of this computer, as the site lets them',
    )
    .argument('[what]', 'a deployment, or restart; needed where there are several')
    .option('--for <time>', 'so much later, 45m or 2h (default: 30m, or what is left)', minutesOf)
    .addOption(state())
    .action(async (what: string | undefined, options: { for?: number; state: string }) => {
      const wish = { what, minutes: options.for };
      const putOff = await askForSnooze(stateFolder(options.state), wish, Date.now());
      putOffLines(putOff).forEach(out);
    });

  program
    .command('retrieve-policy')
    .description('ask the site for policy now, not only when it is time; muster-agent status shows what came')
    .addOption(state())
    .action((options: { state: string }) => {
      const folder = stateFolder(options.state);
      enrolledIdentity(folder);
      new StartRequests(folder.requests).askForPolicy(Date.now());
      out('the daemon asks the site for policy; muster-agent status shows what came, and when');
    });

  program
    .command('rotate-key')
    .description(
      'replace the keys of this computer, as soon as no run goes on; the old ones count until the new ones are proved',
    )
    .addOption(state())
    .action((options: { state: string }) => {
      const folder = stateFolder(options.state);
      enrolledIdentity(folder);
      askForRotation(folder, Date.now());
      out('the daemon replaces the keys as soon as no run goes on; muster-agent status shows the key that counts');
    });

  program
    .command('facts')
    .description('say what this computer tells of itself, and what is left out of the facts that somebody wrote here')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['human', 'json']).default('human'))
    .action(async (options: { output: string }) => {
      const facts = await gatherFacts();
      if (options.output === 'json') out(JSON.stringify(facts));
      else describeFacts(facts).forEach(out);
    });

  const cache = program.command('cache').description('the content that this computer keeps');
  cache
    .command('list')
    .description('say what the cache holds, how large it is, and what runs need of it')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['human', 'json']).default('human'))
    .addOption(state())
    .action(async (options: { state: string; output: string }) => {
      const listing = await listCache(stateFolder(options.state), config.cacheMegabytes);
      if (options.output === 'json') out(JSON.stringify(listing));
      else describeCache(listing).forEach(out);
    });
  cache
    .command('clear')
    .description('remove what no run needs; runs fetch it again. Not while the daemon is at work')
    .option('--force', 'also what runs that go on, or are to come, need')
    .addOption(state())
    .action(async (options: { state: string; force?: boolean }) => {
      const { versions, bytes, keptVersions } = await clearCache(stateFolder(options.state), {
        force: options.force ?? false,
      });
      const kept = keptVersions === 0 ? '' : `; ${keptVersions} kept, for runs need them`;
      out(`removed ${versions} versions, ${sizeText(bytes)}${kept}`);
    });

  program
    .command('run')
    .description('run a task sequence on this computer, without a site: see muster-agent run --help');
  return program;
}
