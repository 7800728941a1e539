import type { AuditEntry } from '@muster/contracts/kinds/audit.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { pages } from '../../api/pages.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption, wholeNumber } from '../arguments.js';
import { parseMoment } from './moment.js';

const help = `
Every change that somebody made, with the fields that changed (never their values), newest first; kept for a year (docs/audit.md).
Who was refused is in it too, counted by caller, route and minute: --kind Request. What the site itself observes is no deed of anybody:
muster events shows that.

Examples:
  muster audit --since 7d
  muster audit --kind Deployment --name harden-web
  muster audit --kind Request --since 1h
  muster audit --user ci --since 2026-11-01T00:00Z -o json`;

interface AuditOptions {
  readonly user?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly since?: string;
  readonly limit: number;
  readonly output: 'table' | 'json';
}

/** `muster audit`. */
export function registerAudit(program: Command, terminal: Terminal): void {
  program
    .command('audit')
    .description('show who changed what')
    .option('--user <name>', 'only what this API token did')
    .option('--kind <kind>', 'only objects of this kind, such as TaskSequence, Deployment, ApiToken')
    .option('--name <name>', 'only objects of this name')
    .option('--since <time>', 'from then on: 2h, 7d, or a time with its offset', (text) =>
      parseMoment(text, -1, new Date()),
    )
    .option('--limit <number>', 'so many at most', wholeNumber(1, 1_000_000), 100)
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async ({ user, kind, name, since, limit, output }: AuditOptions, command: Command) => {
      const found: AuditEntry[] = [];
      const asked = Object.entries({ actor: user, kind, name, since }).filter(
        (one): one is [string, string] => !!one[1],
      );
      await withClient(command, terminal, async (client) => {
        const query = { ...Object.fromEntries(asked), limit: String(Math.min(limit, 500)) };
        for await (const entry of pages<AuditEntry>(client, '/api/v1/audit', query)) {
          found.push(entry);
          if (found.length === limit) break;
        }
      });
      if (output === 'json') return terminal.out(JSON.stringify(found, null, 2));
      if (found.length === 0) return terminal.error('nobody did such a thing, as far as it is kept');
      for (const line of formatTable(['TIME', 'USER', 'DID', 'OBJECT', 'WHAT'], found.map(rowOf))) terminal.out(line);
    });
}

function rowOf({ at, actor, action, kind, name, changed, reason, details }: AuditEntry): string[] {
  const facts = Object.entries(details ?? {}).map(([key, value]) => `${key}=${value}`);
  const what = [...(changed ?? []), ...facts].join(' ');
  return [at, actor, action, `${kind} ${name}`, reason === undefined ? what : `${what} "${reason}"`.trim()];
}
