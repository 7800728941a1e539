import type { enrolmentTokenRequestSchema, enrolmentTokenResponseSchema } from '@muster/contracts/agent/enrolment.js';
import { Option, type Command } from 'commander';
import type { z } from 'zod';
import type { ApiClient } from '../../api/api-client.js';
import { withClient } from '../../api/open-client.js';
import type { Terminal } from '../../terminal.js';
import { wholeNumber } from '../arguments.js';

type TokenRequest = z.infer<typeof enrolmentTokenRequestSchema>;
type TokenResponse = z.infer<typeof enrolmentTokenResponseSchema>;

const help = `
One token enrols one computer, once. It is shown this once, alone on standard output.

Examples:
  muster enrolment-token create --valid-minutes 30
  MUSTER_ENROLMENT_TOKEN=$(muster enrolment-token create) muster-agent enrol --server https://muster.example`;

/** Makes a one-time token with which a computer enrols. */
export function createEnrolmentToken(client: ApiClient, wish: TokenRequest): Promise<TokenResponse> {
  return client.json('POST', '/api/v1/enrolment-tokens', { body: wish });
}

/** `muster enrolment-token create`. */
export function registerEnrolmentToken(program: Command, terminal: Terminal): void {
  const group = program.command('enrolment-token').description('make one-time tokens with which computers enrol');
  group
    .command('create')
    .description('make a token')
    .option('--valid-minutes <minutes>', 'how long it can be used (default 60)', wholeNumber(1, 43_200))
    .option('--description <text>', 'what it is for')
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
    .addHelpText('after', help)
    .action(
      async (options: { validMinutes?: number; description?: string; output: 'text' | 'json' }, command: Command) => {
        const { validMinutes, description } = options;
        const made = await withClient(command, terminal, (client) =>
          createEnrolmentToken(client, { validMinutes, description }),
        );
        if (options.output === 'json') return terminal.out(JSON.stringify(made, null, 2));
        terminal.out(made.token);
        terminal.error(`good for one computer until ${made.expiresAt}`);
      },
    );
}
