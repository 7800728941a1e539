import { type Event, EVENT_TYPES } from '@muster/contracts/kinds/event.js';
import { type Command, Option } from 'commander';
import { followStream } from '../../api/follow-stream.js';
import { withClient } from '../../api/open-client.js';
import { pages } from '../../api/pages.js';
import { SilentExit } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { safeLine } from '../../output/safe-text.js';
import type { Terminal } from '../../terminal.js';
import { collect, wholeNumber } from '../arguments.js';
import { parseMoment } from './moment.js';

const path = '/api/v1/events';
const WIDEST = Math.max(...Object.keys(EVENT_TYPES).map((type) => type.length));

const help = `
What happened at the site, oldest first (docs/alerts.md). Without --since: of the last 24 hours. With --watch: what happens from
now on, or from --since on; a broken connection is taken up where it broke. Of one kind with every change of its objects:
muster get KIND --watch.

Types:
${Object.entries(EVENT_TYPES)
  .map(([type, meaning]) => `  ${type.padEnd(WIDEST)} ${meaning}`)
  .join('\n')}

Examples:
  muster events --since 2h
  muster events --since 7d --type run.failed --deployment harden-web
  muster events --watch --type 'alert.*' --type run.failed
  muster events --watch -o json          one CloudEvent per line`;

interface EventsOptions {
  readonly watch?: boolean;
  readonly since?: string;
  readonly type?: string[];
  readonly device?: string;
  readonly deployment?: string;
  readonly limit?: number;
  readonly output: 'text' | 'json';
}

/** `muster events`. */
export function registerEvents(program: Command, terminal: Terminal): void {
  program
    .command('events')
    .description('show what happened at the site, or what happens')
    .option('-w, --watch', 'go on with what happens from now on')
    .option('--since <time>', 'from then on: 2h, 7d, or a time with its offset', (text) =>
      parseMoment(text, -1, new Date()),
    )
    .option('--type <type>', 'only this type, or all of a subject as run.*; several times are possible', collect)
    .option('--device <name>', 'only what is about this device')
    .option('--deployment <name>', 'only what is about this deployment')
    .option('--limit <number>', 'end after so many events', wholeNumber(1, 1_000_000))
    .addOption(new Option('-o, --output <format>', 'how to show it').choices(['text', 'json']).default('text'))
    .addHelpText('after', help)
    .action(async (options: EventsOptions, command: Command) => {
      const { watch, type, device, deployment, limit, output } = options;
      const filter = { types: type?.join(','), device, deployment };
      let left = limit ?? Infinity;
      const show = (event: Event): boolean => {
        terminal.out(output === 'json' ? JSON.stringify(event) : eventLine(event));
        left -= 1;
        return left > 0;
      };
      await withClient(command, terminal, async (client) => {
        const since = options.since ?? (watch ? undefined : parseMoment('24h', -1, new Date()));
        const query = given({ ...filter, since });
        if (!watch) {
          for await (const event of pages<Event>(client, path, { ...query, limit: '500' })) if (!show(event)) return;
          return;
        }
        const signal = terminal.interruption();
        const onNote = (note: string): void => terminal.error(`note: ${note}`);
        for await (const { data } of followStream(client, path, { ...query, watch: 'true' }, { signal, onNote }))
          if (!show(JSON.parse(data) as Event)) return;
        throw new SilentExit(EXIT_CODES.interrupted);
      });
    });
}

/** Time, type and sentence. */
export function eventLine({ time, type, data }: Event): string {
  return safeLine(`${time}  ${type.padEnd(WIDEST)} ${data.message}`);
}

function given(query: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
