import { setTimeout as delay } from 'node:timers/promises';
import { KINDS } from '@muster/contracts/kinds/all.js';
import { ApiClient } from '../api/api-client.js';
import {
  type ContextFile,
  contextFilePath,
  readContextFile,
  serverAddress,
  writeContextFile,
} from '../context/context-file.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import type { Terminal } from '../terminal.js';

/** Name of the context that `muster up` keeps. */
export const LOCAL_CONTEXT = 'local';

const knownEverywhereSeconds = 30;

/**
 * The contexts file with context `local`, or another name, for a site. A former one with another token is kept under the port of its site.
 * The context becomes the current one unless the user has chosen one of another site.
 */
export function withLocalContext(
  file: ContextFile,
  server: string,
  token: string,
  { name = LOCAL_CONTEXT, site }: { name?: string; site?: string } = {},
): ContextFile {
  const former = file.contexts[name];
  const contexts = { ...file.contexts };
  if (former?.token !== undefined && former.token !== token && serverAddress(former.server) !== server)
    contexts[`${name}-${new URL(former.server).port || 'default'}`] = former;
  // A site that takes its name back was kept under another one meanwhile: two names of it would make `--site` ambiguous.
  for (const [known, context] of Object.entries(contexts))
    if (isCalled(known, name) && context.token === token && serverAddress(context.server) === server)
      delete contexts[known];
  contexts[name] = { server, token, ...(site === undefined ? {} : { site }) };
  const { current } = file;
  const keep =
    current !== undefined &&
    Object.hasOwn(contexts, current) &&
    (name !== LOCAL_CONTEXT || !isCalled(current, LOCAL_CONTEXT));
  return { ...file, current: keep ? current : name, contexts };
}

/** Tokens that may be of a site on this computer, the likeliest first. */
export function candidateTokens(
  file: ContextFile,
  server: string,
  environment: Readonly<Record<string, string | undefined>>,
  name: string = LOCAL_CONTEXT,
): string[] {
  const contexts = Object.entries(file.contexts);
  const same = contexts.filter(([, context]) => serverAddress(context.server) === server);
  const local = contexts.filter(([known]) => isCalled(known, name));
  const tokens = [environment['MUSTER_TOKEN'], ...[...same, ...local].map(([, { token }]) => token)];
  return [...new Set(tokens.filter((token): token is string => token !== undefined && token !== ''))];
}

/**
 * Finds a token for a site that was just started, and keeps it in context `local`, or another one. A new admin token is shown here, once.
 *
 * @returns undefined when no known token is good for the site
 */
export async function keepLocalContext(
  site: { readonly url: string; readonly adminToken?: string; readonly siteCode?: string },
  terminal: Terminal,
  name: string = LOCAL_CONTEXT,
): Promise<string | undefined> {
  const path = contextFilePath(terminal.environment);
  if (site.adminToken !== undefined) {
    terminal.out('');
    terminal.out(
      `  admin token${name === LOCAL_CONTEXT ? '' : ` of ${name}`}, shown only this once:  ${site.adminToken}`,
    );
    terminal.out('');
  }
  try {
    const file = readContextFile(path);
    const token =
      site.adminToken ?? (await goodToken(candidateTokens(file, site.url, terminal.environment, name), site.url));
    if (token === undefined) return undefined;
    const { siteCode } = site;
    const changed = withLocalContext(file, site.url, token, { name, ...(siteCode ? { site: siteCode } : {}) });
    if (JSON.stringify(changed) !== JSON.stringify(file)) writeContextFile(path, changed);
    if (name === LOCAL_CONTEXT && changed.current !== LOCAL_CONTEXT)
      terminal.out(
        `note: the current context stays "${changed.current}"; use this site with --context ${LOCAL_CONTEXT}`,
      );
    return token;
  } catch (error) {
    // The site works without the file, and the token must not be lost with it.
    if (!(error instanceof CliError) || !error.code.startsWith('config.')) throw error;
    terminal.error(`note: ${error.message}`);
    return site.adminToken;
  }
}

/** The first token that the policy service, which makes them, knows. */
async function goodToken(tokens: readonly string[], server: string): Promise<string | undefined> {
  for (const token of tokens) if (await accepts(server, token, '/api/v1/api-tokens')) return token;
  return undefined;
}

/** Waits until every service has heard of a new token. Throws CliError `up.token-unknown`. */
export async function untilKnownEverywhere(server: string, token: string, signal: AbortSignal): Promise<void> {
  const oneOfEach = [...new Map(KINDS.map((kind) => [kind.service, kind])).values()];
  const deadline = performance.now() + knownEverywhereSeconds * 1000;
  for (const { plural, service } of oneOfEach) {
    while (!(await accepts(server, token, `/api/v1/${plural}?limit=1`))) {
      if (performance.now() > deadline) {
        throw new CliError(
          'up.token-unknown',
          `the ${service} service does not know the token after ${knownEverywhereSeconds} s`,
          EXIT_CODES.unauthorised,
        );
      }
      await delay(50, undefined, { signal });
    }
  }
}

async function accepts(server: string, token: string, path: string): Promise<boolean> {
  const client = new ApiClient({ server, token });
  try {
    await client.json('GET', path);
    return true;
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT_CODES.unauthorised) return false;
    throw error;
  } finally {
    await client.close();
  }
}

/** By this name, or by the one under which a former context of it is kept. */
function isCalled(known: string, name: string): boolean {
  return known === name || known.startsWith(`${name}-`);
}
