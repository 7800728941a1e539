import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { joinTokenResponseSchema } from '@muster/contracts/hierarchy/joining.js';
import type { SiteList } from '@muster/contracts/hierarchy/site-views.js';
import { newSealingKey, sealingKeyFile } from '@muster/localsite/keys.js';
import { siteLayout } from '@muster/localsite/layout.js';
import { repositoryFolder } from '@muster/localsite/repository.js';
import { type RunningSite, startSite } from '@muster/localsite/start-site.js';
import type { z } from 'zod';
import { ApiClient } from '../api/api-client.js';
import { contextFilePath } from '../context/context-file.js';
import { CliError, SilentExit } from '../errors/cli-error.js';
import { EXIT_CODES, type ExitCode } from '../errors/exit-codes.js';
import { duration } from '../output/age.js';
import type { Terminal } from '../terminal.js';
import { keepLocalContext, untilKnownEverywhere } from './local-context.js';
import { makeFirstPoint } from './local-point.js';
import { phase } from './phases.js';
import { mailOf, type MailOptions } from './mail-options.js';
import { asCliError } from './site-errors.js';

/** How to start a hierarchy on this machine. */
export interface UpHierarchyOptions extends MailOptions {
  readonly hierarchy: number;
  readonly data?: string;
  /** Public port of the central site; the primaries take the ones after it. Default: those of last time, first 7700. */
  readonly port?: number;
  readonly host?: string;
  readonly exit?: boolean;
  readonly renewAdminToken?: boolean;
  readonly renewLinkKey?: boolean;
  readonly renewSiteKey?: boolean;
  readonly forgetFormerSiteKeys?: boolean;
  readonly webhooksTo?: readonly string[];
}

interface Member {
  readonly site: RunningSite;
  readonly client: ApiClient;
}

const CENTRAL = 'CEN';
const FIRST_PORT = 7700;

/**
 * `muster up --hierarchy N`: a central site CEN and primaries PR1 to PRN, each with everything of its own, joined by the door that any
 * site joins by. Run again, the same ones go on, and whoever has not joined yet does.
 */
export async function upHierarchy(options: UpHierarchyOptions, terminal: Terminal): Promise<ExitCode> {
  const interruption = terminal.interruption();
  const root =
    options.data ?? (terminal.environment['MUSTER_DATA'] || join(repositoryFolder(), '.muster', 'hierarchy'));
  const codes = [CENTRAL, ...Array.from({ length: options.hierarchy }, (_, index) => `PR${index + 1}`)];
  terminal.out(`Muster hierarchy of ${codes.length} sites in ${root}`);
  const started = performance.now();
  const sites: RunningSite[] = [];
  const members: Member[] = [];
  try {
    const sealingKey = sharedSealingKey(root);
    const starts = codes.map(async (code, index) => {
      const publicPorts = codes.map((_, at) => (options.port ?? FIRST_PORT) + at);
      const work = () => start(options, root, code, { index, publicPorts }, sealingKey, interruption, terminal);
      sites.push(await phase(terminal, `starting site ${code}`, work));
    });
    // Whoever has come up by then is stopped below, also when another one cannot start; its new token is told once, and not lost with that.
    await Promise.allSettled(starts);
    sites.sort((one, other) => one.siteCode.localeCompare(other.siteCode));
    const tokens: (string | undefined)[] = [];
    for (const site of sites) tokens.push(await keepLocalContext(site, terminal, site.siteCode));
    await Promise.all(starts);
    for (const [index, site] of sites.entries()) members.push(await memberOf(site, tokens[index], interruption));
    for (const { site, client } of members) await makeFirstPoint(site, client, terminal);
    const [central, ...primaries] = members;
    if (central) for (const primary of primaries) await joinUnlessJoined(central, primary, terminal);
    terminal.out(`  the hierarchy is up after ${duration(performance.now() - started)}`);
    if (options.exit) return EXIT_CODES.ok;
    showHierarchy(sites, terminal);
    if (!interruption.aborted) await once(interruption, 'abort');
    return EXIT_CODES.ok;
  } catch (error) {
    if (interruption.aborted) throw new SilentExit(EXIT_CODES.interrupted);
    throw asCliError(error);
  } finally {
    await Promise.all(members.map(({ client }) => client.close()));
    terminal.out('');
    await phase(terminal, 'stopping the sites', () => Promise.all(sites.map((site) => site.stop())));
  }
}

/** The key of the hierarchy is that of its central site, which may be there from the last time. */
function sharedSealingKey(root: string): string {
  const file = sealingKeyFile(siteLayout(join(root, CENTRAL)).keys);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : newSealingKey();
}

async function start(
  options: UpHierarchyOptions,
  root: string,
  code: string,
  { index, publicPorts }: { index: number; publicPorts: readonly number[] },
  sealingKey: string,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<RunningSite> {
  const dataFolder = join(root, code);
  const isNew = !existsSync(siteLayout(dataFolder).siteFile);
  const port = options.port ?? (isNew ? FIRST_PORT : undefined);
  return startSite({
    dataFolder,
    siteCode: code,
    siteKind: code === CENTRAL ? 'central' : 'primary',
    sealingKey,
    ...(port === undefined ? {} : { port: port + index }),
    otherPorts: publicPorts,
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.webhooksTo === undefined ? {} : { webhookNetworks: options.webhooksTo }),
    mail: mailOf(options),
    renewAdminToken: options.renewAdminToken ?? false,
    renewLinkKey: options.renewLinkKey ?? false,
    renewSiteKey: options.renewSiteKey ?? false,
    forgetFormerSiteKeys: options.forgetFormerSiteKeys ?? false,
    signal,
    onEvent: ({ name, state, detail }) => {
      if (state === 'crashed' && !signal.aborted)
        terminal.out(`note: ${name} of ${code} ended${detail === undefined ? '' : `: ${detail}`}; it is started again`);
    },
    onNote: (line) => terminal.out(`note: ${code}: ${line}`),
  });
}

async function memberOf(site: RunningSite, token: string | undefined, signal: AbortSignal): Promise<Member> {
  if (token === undefined)
    throw new CliError(
      'up.no-token',
      `no context holds a token of site ${site.siteCode}: "muster up --hierarchy N --renew-admin-token" makes new ones`,
      EXIT_CODES.unauthorised,
    );
  await untilKnownEverywhere(site.url, token, signal);
  return { site, client: new ApiClient({ server: site.url, token }, { patienceSeconds: 30, signal }) };
}

async function joinUnlessJoined(parent: Member, child: Member, terminal: Terminal): Promise<void> {
  const { siteCode: code } = child.site;
  const { items } = await child.client.json<SiteList>('GET', '/api/v1/sites');
  if (items.some(({ relation }) => relation === 'parent')) return;
  await phase(terminal, `joining ${code} to ${parent.site.siteCode}`, async () => {
    const { token } = await parent.client.json<z.infer<typeof joinTokenResponseSchema>>(
      'POST',
      '/api/v1/hierarchy/tokens',
      {
        body: { code, kind: 'primary' },
      },
    );
    await child.client.json('POST', '/api/v1/hierarchy/join', {
      body: { parent: parent.site.url, token },
      repeatable: true,
    });
  });
}

function showHierarchy(sites: readonly RunningSite[], terminal: Terminal): void {
  const lines = [''];
  for (const { siteCode, url, layout } of sites)
    lines.push(`Site ${siteCode} serves at ${url}`, `  data and logs   ${layout.root}`);
  lines.push(
    '',
    `  sign in         contexts ${sites.map(({ siteCode }) => siteCode).join(', ')} in ${contextFilePath(terminal.environment)} hold the tokens`,
    '  try             npx muster --site CEN hierarchy status',
    '                  npx muster --site PR1 get collections',
    '  stop            Ctrl-C',
  );
  for (const line of lines) terminal.out(line);
}
