import { randomBytes, randomUUID } from 'node:crypto';
import {
  DELIVERY_STATES,
  webhook,
  type WebhookDelivery,
  type WebhookRedelivery,
  type WebhookSpec,
  type WebhookTestResult,
} from '@muster/contracts/kinds/webhook.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import { type Command, Option } from 'commander';
import { withClient } from '../../api/open-client.js';
import { pages } from '../../api/pages.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { collect, listOutputOption, wholeNumber } from '../arguments.js';
import { parseMoment } from './moment.js';

const help = `
A webhook tells events (muster events --help) to an address of yours, signed as Standard Webhooks say, at least once each and in
order (docs/webhooks.md). See them all: muster get webhooks. Change one: muster get webhook NAME -o yaml, edit, muster apply.

Examples:
  muster webhook create to-chat --url https://hooks.example.org/muster --event run.failed --event 'alert.*'
  muster webhook test to-chat
  muster webhook deliveries to-chat --state dead
  muster webhook redeliver to-chat --dead
  muster webhook redeliver to-chat --since 2h
  muster webhook rotate to-chat`;

const SECRET_BYTES = 32;

/** `muster webhook …`. */
export function registerWebhook(program: Command, terminal: Terminal): void {
  const group = program.command('webhook').description('tell events to other systems').addHelpText('after', help);
  addCreate(group, terminal);
  addRotate(group, terminal);
  addTest(group, terminal);
  addDeliveries(group, terminal);
  addRedeliver(group, terminal);
}

function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

function showSecret(terminal: Terminal, secret: string): void {
  terminal.out(secret);
  terminal.error('this secret is shown only now: give it to the receiver, which verifies signatures with it');
}

function addCreate(group: Command, terminal: Terminal): void {
  group
    .command('create')
    .description('make a webhook, and the secret that signs what it sends')
    .argument('<name>', 'name of the webhook')
    .requiredOption('--url <url>', 'where events are sent')
    .option('--event <type>', 'a type of event, or all of a subject as run.*; several times are possible', collect)
    .option(
      '--parallel <number>',
      'deliveries at the same time, in any order (default: 1, in order)',
      wholeNumber(1, 16),
    )
    .option('--description <text>', 'what it is for')
    .action(
      async (
        name: string,
        options: { url: string; event?: string[]; parallel?: number; description?: string },
        command: Command,
      ) => {
        const secret = newSecret();
        const { url, event = ['*'], parallel, description } = options;
        const spec: WebhookSpec = {
          url,
          events: event,
          secret,
          ...(parallel === undefined ? {} : { parallel }),
          ...(description === undefined ? {} : { description }),
        };
        const document = { apiVersion: API_VERSION, kind: webhook.kind, metadata: { name }, spec } as const;
        await withClient(command, terminal, (client) =>
          client.create(webhook, document, randomUUID(), { document: false }),
        );
        terminal.error(`${objectName(webhook, name)} created`);
        showSecret(terminal, secret);
      },
    );
}

function addRotate(group: Command, terminal: Terminal): void {
  group
    .command('rotate')
    .description('make a new secret; the one of before signs beside it for 24 hours')
    .argument('<name>', 'name of the webhook')
    .action(async (name: string, _options: object, command: Command) => {
      const secret = newSecret();
      await withClient(command, terminal, async (client) => {
        const { apiVersion, kind, metadata, spec } = await client.get(webhook, name);
        const { uid, resourceVersion, labels, displayName, folder } = metadata;
        const kept = { name, uid, resourceVersion, labels, displayName, folder };
        await client.apply(
          webhook,
          { apiVersion, kind, metadata: kept, spec: { ...spec, secret } },
          { document: false },
        );
      });
      terminal.error(`${objectName(webhook, name)} has a new secret`);
      showSecret(terminal, secret);
    });
}

function addTest(group: Command, terminal: Terminal): void {
  group
    .command('test')
    .description('send a test event now; a webhook that was disabled works again when it is taken')
    .argument('<name>', 'name of the webhook')
    .addOption(listOutputOption())
    .action(async (name: string, { output }: { output: 'table' | 'json' }, command: Command) => {
      const result = await withClient(command, terminal, (client) =>
        client.json<WebhookTestResult>('POST', pathOf(name, 'test')),
      );
      if (output === 'json') terminal.out(JSON.stringify(result, null, 2));
      if (!result.delivered) {
        throw new CliError(
          'webhook.test-failed',
          `the test was not delivered: ${result.error ?? 'unknown'} (${result.milliseconds} ms)`,
          EXIT_CODES.failed,
        );
      }
      if (output === 'table') terminal.out(`delivered: it answered ${result.status} after ${result.milliseconds} ms`);
    });
}

function addDeliveries(group: Command, terminal: Terminal): void {
  group
    .command('deliveries')
    .description('show what was delivered or not, newest first')
    .argument('<name>', 'name of the webhook')
    .addOption(new Option('--state <state>', 'only those in this state').choices(DELIVERY_STATES))
    .option('--limit <number>', 'so many at most (default: 100)', wholeNumber(1, 1_000_000))
    .addOption(listOutputOption())
    .action(
      async (
        name: string,
        { state, limit = 100, output }: { state?: string; limit?: number; output: 'table' | 'json' },
        command: Command,
      ) => {
        const found: WebhookDelivery[] = [];
        await withClient(command, terminal, async (client) => {
          const query = { limit: String(Math.min(limit, 500)), ...(state === undefined ? {} : { state }) };
          for await (const one of pages<WebhookDelivery>(client, pathOf(name, 'deliveries'), query)) {
            found.push(one);
            if (found.length === limit) break;
          }
        });
        if (output === 'json') return terminal.out(JSON.stringify(found, null, 2));
        if (found.length === 0) return terminal.error('no deliveries');
        const rows = found.map((one) => [
          one.event,
          one.type,
          one.state,
          String(one.attempts),
          one.updatedAt,
          one.nextAttemptAt ?? '',
          one.lastError ?? (one.lastStatus === undefined ? '' : String(one.lastStatus)),
        ]);
        const header = ['EVENT', 'TYPE', 'STATE', 'ATTEMPTS', 'CHANGED', 'NEXT ATTEMPT', 'LAST ANSWER'];
        for (const line of formatTable(header, rows)) terminal.out(line);
      },
    );
}

function addRedeliver(group: Command, terminal: Terminal): void {
  group
    .command('redeliver')
    .description('send events again, with the same ids')
    .argument('<name>', 'name of the webhook')
    .option('--event <id>', 'this event')
    .option('--dead', 'all that were given up')
    .option('--since <time>', 'all that happened from then on: 2h, 7d, or a time with its offset', (text) =>
      parseMoment(text, -1, new Date()),
    )
    .action(
      async (
        name: string,
        { event, dead, since }: { event?: string; dead?: true; since?: string },
        command: Command,
      ) => {
        const wishes = [
          ...(event === undefined ? [] : [{ event }]),
          ...(dead ? [{ dead }] : []),
          ...(since === undefined ? [] : [{ since }]),
        ] satisfies WebhookRedelivery[];
        if (wishes.length !== 1)
          command.error('error: cli.usage: say which: one of --event, --dead and --since', {
            exitCode: EXIT_CODES.usage,
          });
        const { events } = await withClient(command, terminal, (client) =>
          client.json<{ events: number }>('POST', pathOf(name, 'redeliver'), { body: wishes[0] }),
        );
        terminal.out(`${events} event${events === 1 ? '' : 's'} will be sent again`);
      },
    );
}

function pathOf(name: string, what: string): string {
  return `/api/v1/${webhook.plural}/${encodeURIComponent(name)}/${what}`;
}
