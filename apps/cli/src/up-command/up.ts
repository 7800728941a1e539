import { once } from 'node:events';
import { join } from 'node:path';
import { ApiClient } from '../api/api-client.js';
import { CliError, SilentExit } from '../errors/cli-error.js';
import { EXIT_CODES, type ExitCode } from '../errors/exit-codes.js';
import { reportFailure } from '../errors/print-error.js';
import { duration } from '../output/age.js';
import { resumeAgent } from '../local-agent/start-agent.js';
import { runSample } from '../sample/run-sample.js';
import type { Terminal } from '../terminal.js';
import type { SiteKind } from '@muster/localsite/services.js';
import { repositoryFolder } from '@muster/localsite/repository.js';
import { type RunningSite, startSite } from '@muster/localsite/start-site.js';
import { keepLocalContext, untilKnownEverywhere } from './local-context.js';
import { makeFirstPoint } from './local-point.js';
import { ChildReports, phase } from './phases.js';
import { readSealingKey } from './sealing-key-file.js';
import { asCliError } from './site-errors.js';
import { mailOf, type MailOptions } from './mail-options.js';
import { showSite } from './site-summary.js';

export interface UpOptions extends MailOptions {
  readonly data?: string;
  readonly port?: number;
  readonly host?: string;
  readonly sample?: boolean;
  readonly exit?: boolean;
  readonly renewAdminToken?: boolean;
  readonly renewLinkKey?: boolean;
  readonly renewSiteKey?: boolean;
  readonly forgetFormerSiteKeys?: boolean;
  readonly webhooksTo?: readonly string[];
  readonly siteCode?: string;
  readonly kind?: SiteKind;
  /** File `keys/sealing-key` of another site. */
  readonly sealingKey?: string;
}

/**
 * `muster up`: starts a site, optionally its sample, and serves until it is told to stop.
 *
 * @returns the exit code; with `exit` 0 only if everything asked for succeeded
 */
export async function up(options: UpOptions, terminal: Terminal): Promise<ExitCode> {
  const interruption = terminal.interruption();
  const stopping = new AbortController();
  const reports = new ChildReports(terminal, stopping.signal);
  interruption.addEventListener('abort', () => stopping.abort());
  const site = await start(options, terminal, reports, interruption);
  let exitCode: ExitCode;
  try {
    exitCode = await whileServing(site, options, terminal, interruption);
  } finally {
    stopping.abort();
    terminal.out('');
    await phase(terminal, 'stopping the site', () => site.stop());
  }
  return exitCode;
}

async function start(
  options: UpOptions,
  terminal: Terminal,
  reports: ChildReports,
  interruption: AbortSignal,
): Promise<RunningSite> {
  const started = performance.now();
  try {
    const dataFolder = options.data ?? (terminal.environment['MUSTER_DATA'] || join(repositoryFolder(), '.muster'));
    terminal.out(`Muster site in ${dataFolder}`);
    const sealingKey = options.sealingKey === undefined ? undefined : readSealingKey(options.sealingKey);
    const site = await startSite({
      dataFolder,
      ...(options.siteCode === undefined ? {} : { siteCode: options.siteCode }),
      ...(options.kind === undefined ? {} : { siteKind: options.kind }),
      ...(sealingKey === undefined ? {} : { sealingKey }),
      ...(options.webhooksTo === undefined ? {} : { webhookNetworks: options.webhooksTo }),
      mail: mailOf(options),
      ...(options.port === undefined ? {} : { port: options.port }),
      ...(options.host === undefined ? {} : { host: options.host }),
      renewAdminToken: options.renewAdminToken ?? false,
      renewLinkKey: options.renewLinkKey ?? false,
      renewSiteKey: options.renewSiteKey ?? false,
      forgetFormerSiteKeys: options.forgetFormerSiteKeys ?? false,
      signal: interruption,
      onEvent: (event) => reports.show(event),
      onNote: (line) => terminal.out(`note: ${line}`),
    });
    const how = site.firstStart ? 'a new site' : 'the same site as before';
    terminal.out(`  ${how} is up after ${duration(performance.now() - started)}`);
    return site;
  } catch (error) {
    if (interruption.aborted) throw new SilentExit(EXIT_CODES.interrupted);
    throw asCliError(error);
  }
}

async function whileServing(
  site: RunningSite,
  options: UpOptions,
  terminal: Terminal,
  interruption: AbortSignal,
): Promise<ExitCode> {
  let outcome: ExitCode = EXIT_CODES.ok;
  let client: ApiClient | undefined;
  try {
    const token = await keepLocalContext(site, terminal);
    if (token !== undefined) {
      await untilKnownEverywhere(site.url, token, interruption);
      client = new ApiClient({ server: site.url, token }, { patienceSeconds: 60, signal: interruption });
    }
    if (options.sample) outcome = await sample(site, client, terminal, interruption);
    else {
      if (client === undefined) terminal.out(`note: ${noToken}`);
      else await makeFirstPoint(site, client, terminal);
      await resumeAgent(site, client, terminal);
    }
  } catch (error) {
    if (interruption.aborted) return EXIT_CODES.interrupted;
    if (!options.sample) throw error;
    outcome = reportFailure(terminal, asCliError(error));
  } finally {
    await client?.close();
  }
  if (interruption.aborted) return outcome === EXIT_CODES.ok ? EXIT_CODES.interrupted : outcome;
  if (options.exit) return outcome;
  showSite(site, terminal);
  terminal.out('  stop            Ctrl-C');
  await once(interruption, 'abort');
  return EXIT_CODES.ok;
}

const noToken =
  'no context holds a token of this site, and it is shown only at its first start: "muster up --renew-admin-token" makes a new one';

async function sample(
  site: RunningSite,
  client: ApiClient | undefined,
  terminal: Terminal,
  interruption: AbortSignal,
): Promise<ExitCode> {
  if (client === undefined) throw new CliError('up.no-token', noToken, EXIT_CODES.unauthorised);
  try {
    return await runSample(site, client, terminal, interruption);
  } catch (error) {
    if (error instanceof SilentExit) return error.exitCode;
    throw error;
  }
}
