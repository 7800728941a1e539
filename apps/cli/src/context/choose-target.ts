import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { type ContextFile, serverAddress } from './context-file.js';

/** Where requests go and with which token. */
export interface Target {
  readonly server: string;
  readonly token?: string | undefined;
}

/** What a user may say about the target, strongest first: flags, environment, contexts file. */
export interface TargetWishes {
  readonly flags: {
    readonly context?: string;
    readonly site?: string;
    readonly server?: string;
    readonly token?: string;
  };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: ContextFile;
}

/**
 * Decides the target. A context's token goes to that context's server only: naming another server without a token sends none.
 * Throws CliError `config.unknown-context`, `config.unknown-site`, `config.several-sites`, `config.no-server`, `config.server-address`.
 */
export function chooseTarget(wishes: TargetWishes): Target {
  const { environment, file } = wishes;
  const { site, ...rest } = wishes.flags;
  const flags = site === undefined ? rest : { ...rest, context: contextOfSite(site, rest.context, file) };
  const wanted = flags.context ?? (environment['MUSTER_CONTEXT'] || undefined);
  if (wanted !== undefined && !Object.hasOwn(file.contexts, wanted)) {
    const known = Object.keys(file.contexts).join(', ') || 'none';
    throw new CliError(
      'config.unknown-context',
      `there is no context "${wanted}"; known contexts: ${known}`,
      EXIT_CODES.usage,
    );
  }
  const name = wanted ?? file.current;
  const context = name === undefined ? undefined : file.contexts[name];
  const named = flags.server ?? (flags.context === undefined ? environment['MUSTER_SERVER'] || undefined : undefined);
  const server = named ?? context?.server;
  if (server === undefined) {
    throw new CliError(
      'config.no-server',
      'no site is known: start one with "npm start", or name one with --server URL, MUSTER_SERVER or "muster config set-context"',
      EXIT_CODES.usage,
    );
  }
  const address = serverAddress(server);
  const kept = context !== undefined && serverAddress(context.server) === address ? context.token : undefined;
  const given = flags.token ?? (flags.context === undefined ? environment['MUSTER_TOKEN'] || undefined : undefined);
  return { server: address, token: given ?? kept };
}

/** The context of a site, by its code: the one that is called so, or the only one that is of that site. */
function contextOfSite(site: string, context: string | undefined, file: ContextFile): string {
  if (context !== undefined)
    throw new CliError('cli.usage', '--site and --context both name a site: give one of them', EXIT_CODES.usage);
  const names = Object.entries(file.contexts)
    .filter(([name, known]) => known.site === site || (known.site === undefined && name === site))
    .map(([name]) => name);
  const [only] = names;
  if (names.includes(site)) return site;
  if (only !== undefined && names.length === 1) return only;
  if (only !== undefined)
    throw new CliError(
      'config.several-sites',
      `several contexts are of a site ${site}: name one with --context (${names.join(', ')})`,
      EXIT_CODES.usage,
    );
  const known = [...new Set(Object.entries(file.contexts).map(([name, one]) => one.site ?? name))].join(', ') || 'none';
  throw new CliError(
    'config.unknown-site',
    `no context is of a site ${site}; known: ${known}. "muster config set-context ${site} --server URL" makes one`,
    EXIT_CODES.usage,
  );
}
