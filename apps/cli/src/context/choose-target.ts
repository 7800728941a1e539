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
  readonly flags: { readonly context?: string; readonly server?: string; readonly token?: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: ContextFile;
}

/**
 * Decides the target. A context's token goes to that context's server only: naming another server without a token sends none.
 * Throws CliError `config.unknown-context`, `config.no-server`, `config.server-address`.
 */
export function chooseTarget({ flags, environment, file }: TargetWishes): Target {
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
