import type {
  joinTokenListSchema,
  joinTokenResponseSchema,
  joinTokenSchema,
} from '@muster/contracts/hierarchy/joining.js';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import type { SiteView } from '@muster/contracts/hierarchy/site-views.js';
import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { withClient } from '../../api/open-client.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { age } from '../../output/age.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption, wholeNumber } from '../arguments.js';

type TokenResponse = z.infer<typeof joinTokenResponseSchema>;
type TokenList = z.infer<typeof joinTokenListSchema>;
type ListedToken = z.infer<typeof joinTokenSchema>;

const path = '/api/v1/hierarchy';

const tokenHelp = `
Made at the site that shall be above, used once at the site that shall be below.

Examples:
  muster --site CEN hierarchy token create PR3
  muster --site PR1 hierarchy token create SE1 --kind secondary --valid-minutes 1440
  muster --site CEN hierarchy token list
  muster --site CEN hierarchy token revoke UID`;

const joinHelp = `
Run it for the site that shall be below: it asks the parent by itself, over https (http only on this machine). Doing it again
with the same token is harmless. All sites of a hierarchy seal their secrets to one key; where it differs, the refusal says what to do.

Example:
  muster --context ulm hierarchy join --parent https://central.example --token msj_…`;

/** `muster hierarchy token|join|revoke`. */
export function registerJoining(group: Command, terminal: Terminal): void {
  addTokens(group, terminal);
  group
    .command('join')
    .description('take this site below another one')
    .requiredOption('--parent <url>', 'public address of the site above')
    .option(
      '--join-token <token>',
      'join token, made at the site above; also as --token, where a context has the API token',
    )
    .addOption(listOutputOption())
    .addHelpText('after', joinHelp)
    .action(async (options: { parent: string; joinToken?: string; output: string }, command: Command) => {
      const { parent } = options;
      const token = options.joinToken ?? takeJoinToken(command);
      const joined = await withClient(command, terminal, (client) =>
        client.json<HierarchySiteRecord>('POST', `${path}/join`, { body: { parent, token }, repeatable: true }),
      );
      if (options.output === 'json') return terminal.out(JSON.stringify(joined, null, 2));
      terminal.out(`site ${joined.code}, a ${joined.kind} site, is below ${joined.parent} now`);
    });
  group
    .command('revoke')
    .description('put out a site right below this one: nothing that it sends counts any more')
    .argument('<code>', 'the site')
    .addOption(listOutputOption())
    .action(async (code: string, options: { output: string }, command: Command) => {
      const site = await withClient(command, terminal, (client) =>
        client.json<SiteView>('POST', `/api/v1/sites/${encodeURIComponent(code)}/revoke`, { repeatable: true }),
      );
      if (options.output === 'json') return terminal.out(JSON.stringify(site, null, 2));
      terminal.out(`site ${site.code} is revoked; a new token would bring it back`);
    });
}

/** --token belongs to the whole program and is the API token; one that is a join token by its form is meant for the parent. */
function takeJoinToken(command: Command): string {
  let program = command;
  while (program.parent) program = program.parent;
  const token: unknown = program.getOptionValue('token');
  if (typeof token !== 'string' || !token.startsWith('msj_'))
    throw new CliError(
      'cli.usage',
      'say the join token with --token msj_…, as "muster hierarchy token create" shows it at the parent',
      EXIT_CODES.usage,
    );
  program.setOptionValue('token', undefined);
  return token;
}

function addTokens(group: Command, terminal: Terminal): void {
  const tokens = group
    .command('token')
    .description('one-time tokens with which sites join')
    .addHelpText('after', tokenHelp);
  tokens
    .command('create')
    .description('make a token for one site; it is shown this once')
    .argument('<code>', 'code of the site that joins: three capital letters or digits')
    .addOption(
      new Option('--kind <kind>', 'what that site is for').choices(['primary', 'secondary']).default('primary'),
    )
    .option('--valid-minutes <minutes>', 'how long it can be used (default 60)', wholeNumber(1, 43_200))
    .addOption(listOutputOption())
    .action(
      async (code: string, options: { kind: string; validMinutes?: number; output: string }, command: Command) => {
        const { kind, validMinutes } = options;
        const made = await withClient(command, terminal, (client) =>
          client.json<TokenResponse>('POST', `${path}/tokens`, { body: { code, kind, validMinutes } }),
        );
        if (options.output === 'json') return terminal.out(JSON.stringify(made, null, 2));
        terminal.out(made.token);
        terminal.error(`this is the only time it is shown; good once for site ${code}, until ${made.expiresAt}`);
      },
    );
  tokens
    .command('list')
    .description('show tokens, never their secrets')
    .addOption(listOutputOption())
    .action(async (options: { output: string }, command: Command) => {
      const list = await withClient(command, terminal, (client) => client.json<TokenList>('GET', `${path}/tokens`));
      if (options.output === 'json') return terminal.out(JSON.stringify(list, null, 2));
      const now = new Date();
      const rows = list.items.map((token) => [
        token.code,
        token.kind,
        token.uid,
        stateOf(token, now),
        age(token.createdAt, now),
      ]);
      for (const line of formatTable(['SITE', 'KIND', 'UID', 'STATE', 'AGE'], rows)) terminal.out(line);
    });
  tokens
    .command('revoke')
    .description('make a token useless; a site that joined with it stays')
    .argument('<uid>')
    .action(async (uid: string, _options: object, command: Command) => {
      const revoked = await withClient(command, terminal, (client) =>
        client.json<ListedToken>('DELETE', `${path}/tokens/${encodeURIComponent(uid)}`),
      );
      terminal.out(`token ${revoked.uid} for site ${revoked.code} revoked`);
    });
}

function stateOf({ usedAt, revokedAt, expiresAt }: ListedToken, now: Date): string {
  if (usedAt !== null) return 'used';
  if (revokedAt !== null) return 'revoked';
  return Date.parse(expiresAt) <= now.getTime() ? 'expired' : 'good';
}
