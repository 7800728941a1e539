import type { apiTokenListSchema, apiTokenResponseSchema } from '@muster/contracts/agent/enrolment.js';
import { uidSchema } from '@muster/contracts/resource.js';
import { Option, type Command } from 'commander';
import type { z } from 'zod';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { age } from '../../output/age.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { wholeNumber } from '../arguments.js';

type TokenResponse = z.infer<typeof apiTokenResponseSchema>;
type TokenList = z.infer<typeof apiTokenListSchema>;
type ListedToken = TokenList['items'][number];

const path = '/api/v1/api-tokens';

const help = `
Examples:
  muster api-token create ci --valid-days 90
  muster api-token list
  muster api-token revoke ci`;

/** `muster api-token create|list|revoke`. */
export function registerApiToken(program: Command, terminal: Terminal): void {
  const group = program.command('api-token').description('tokens of people and programs').addHelpText('after', help);
  const format = (): Option => new Option('-o, --output <format>').choices(['text', 'json']).default('text');
  group
    .command('create')
    .description('make a token; it is shown this once')
    .argument('<name>', 'who or what uses it')
    .option('--valid-days <days>', 'how long it can be used (default 365)', wholeNumber(1, 3650))
    .addOption(format())
    .action(async (name: string, options: { validDays?: number; output: string }, command: Command) => {
      const { validDays } = options;
      const made = await withClient(command, terminal, (client) =>
        client.json<TokenResponse>('POST', path, { body: { name, validDays } }),
      );
      if (options.output === 'json') return terminal.out(JSON.stringify(made, null, 2));
      terminal.out(made.token);
      terminal.error(`this is the only time it is shown; good until ${made.expiresAt ?? 'revoked'}`);
    });
  group
    .command('list')
    .description('show tokens, never their secrets')
    .addOption(format())
    .action(async (options: { output: string }, command: Command) => {
      const list = await withClient(command, terminal, (client) => client.json<TokenList>('GET', path));
      if (options.output === 'json') return terminal.out(JSON.stringify(list, null, 2));
      const now = new Date();
      const rows = list.items.map((token) => [token.name, token.uid, stateOf(token, now), age(token.createdAt, now)]);
      for (const line of formatTable(['NAME', 'UID', 'STATE', 'AGE'], rows)) terminal.out(line);
    });
  group
    .command('revoke')
    .description('make a token useless')
    .argument('<name-or-uid>', 'its name when only one good token has it, else its uid')
    .action(async (wanted: string, _options: object, command: Command) => {
      const revoked = await withClient(command, terminal, async (client) =>
        client.json<ListedToken>('DELETE', `${path}/${await uidOf(client, wanted)}`),
      );
      terminal.out(`token ${revoked.name} (${revoked.uid}) revoked`);
    });
}

async function uidOf(client: ApiClient, wanted: string): Promise<string> {
  if (uidSchema.safeParse(wanted).success) return wanted;
  const { items } = await client.json<TokenList>('GET', path);
  const found = items.filter(({ name, revokedAt }) => name === wanted && revokedAt === null);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.uid;
  if (only === undefined)
    throw new CliError('cli.no-such-token', `there is no good token "${wanted}"`, EXIT_CODES.notFound);
  throw new CliError(
    'cli.several-tokens',
    `${found.length} tokens are called "${wanted}": say which by uid (${found.map(({ uid }) => uid).join(', ')})`,
    EXIT_CODES.usage,
  );
}

function stateOf({ revokedAt, expiresAt }: ListedToken, now: Date): string {
  if (revokedAt !== null) return 'revoked';
  if (expiresAt === null) return 'good';
  return Date.parse(expiresAt) <= now.getTime() ? 'expired' : `good until ${expiresAt.slice(0, 10)}`;
}
