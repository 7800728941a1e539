import type {
  enrolmentTokenListSchema,
  enrolmentTokenRequestSchema,
  enrolmentTokenResponseSchema,
} from '@muster/contracts/agent/enrolment.js';
import { Option, type Command } from 'commander';
import type { z } from 'zod';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import { age } from '../../output/age.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { wholeNumber } from '../arguments.js';

type TokenRequest = z.infer<typeof enrolmentTokenRequestSchema>;
type TokenResponse = z.infer<typeof enrolmentTokenResponseSchema>;
type TokenList = z.infer<typeof enrolmentTokenListSchema>;
type ListedToken = TokenList['items'][number];

const path = '/api/v1/enrolment-tokens';

const help = `
One token enrols one computer, unless --max-uses says more. It is shown this once, alone on standard output.
Computers that enrol with --approval manual get nothing before somebody approves them: muster device approve NAME.
With --unknown-computers, those of which the site has no record get what is deployed to all-unknown-computers, until a run on
them has succeeded.

Examples:
  muster enrolment-token create --valid-minutes 30
  muster enrolment-token create --max-uses 50 --unknown-computers --approval manual
  muster enrolment-token create --max-uses 200 --valid-minutes 1440 --approval manual --description "branch Ulm"
  MUSTER_ENROLMENT_TOKEN=$(muster enrolment-token create) muster-agent enrol --server https://muster.example`;

/** Makes a token with which computers enrol. */
export function createEnrolmentToken(client: ApiClient, wish: TokenRequest): Promise<TokenResponse> {
  return client.json('POST', path, { body: wish });
}

interface CreateOptions extends TokenRequest {
  readonly output: 'text' | 'json';
}

/** `muster enrolment-token create|list|revoke`. */
export function registerEnrolmentToken(program: Command, terminal: Terminal): void {
  const group = program.command('enrolment-token').description('tokens with which computers enrol');
  const format = (): Option => new Option('-o, --output <format>').choices(['text', 'json']).default('text');
  group
    .command('create')
    .description('make a token')
    .option('--valid-minutes <minutes>', 'how long it can be used (default 60)', wholeNumber(1, 43_200))
    .option('--max-uses <number>', 'how many computers it enrols (default 1)', wholeNumber(1, 100_000))
    .addOption(
      new Option(
        '--approval <who>',
        'automatic: its computers are devices at once; manual: somebody approves them',
      ).choices(['automatic', 'manual']),
    )
    .option(
      '--unknown-computers',
      'computers of which the site has no record get what is deployed to unknown computers',
    )
    .option('--description <text>', 'what it is for')
    .addOption(format())
    .addHelpText('after', help)
    .action(async ({ output, ...wish }: CreateOptions, command: Command) => {
      const made = await withClient(command, terminal, (client) => createEnrolmentToken(client, wish));
      if (output === 'json') return terminal.out(JSON.stringify(made, null, 2));
      terminal.out(made.token);
      const { maxUses = 1, approval, unknownComputers = false, expiresAt } = made;
      const whom = maxUses === 1 ? 'one computer' : `${maxUses} computers`;
      const then = approval === 'manual' ? '; they wait for their approval then' : '';
      const unknown = unknownComputers ? '; unknown computers get what is deployed to those' : '';
      terminal.error(`good for ${whom} until ${expiresAt}${unknown}${then}`);
    });
  group
    .command('list')
    .description('show tokens, never their secrets')
    .addOption(format())
    .action(async (options: { output: string }, command: Command) => {
      const list = await withClient(command, terminal, (client) => client.json<TokenList>('GET', path));
      if (options.output === 'json') return terminal.out(JSON.stringify(list, null, 2));
      const now = new Date();
      const rows = list.items.map((token) => [
        token.uid,
        stateOf(token, now),
        `${token.uses}/${token.maxUses}`,
        token.unknownComputers ? `${token.approval}, unknown` : token.approval,
        token.createdBy,
        age(token.createdAt, now),
        token.description ?? '',
      ]);
      for (const line of formatTable(['UID', 'STATE', 'USES', 'APPROVAL', 'BY', 'AGE', 'DESCRIPTION'], rows))
        terminal.out(line);
    });
  group
    .command('revoke')
    .description('make a token useless; devices that enrolled with it stay')
    .argument('<uid>', 'of muster enrolment-token list')
    .action(async (uid: string, _options: object, command: Command) => {
      const token = await withClient(command, terminal, (client) =>
        client.json<ListedToken>('DELETE', `${path}/${encodeURIComponent(uid)}`),
      );
      terminal.out(`enrolment token ${token.uid} is revoked; it enrolled ${token.uses} of ${token.maxUses} computers`);
    });
}

function stateOf({ revokedAt, expiresAt, uses, maxUses }: ListedToken, now: Date): string {
  if (revokedAt !== null) return 'revoked';
  if (uses >= maxUses) return 'used';
  return Date.parse(expiresAt) <= now.getTime() ? 'expired' : 'good';
}
