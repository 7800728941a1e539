import {
  alert,
  alertStateSchema,
  type AlertSpec,
  type AlertState,
  type AlertStatus,
} from '@muster/contracts/kinds/alert.js';
import type { Resource } from '@muster/contracts/resource.js';
import { type Command, Option } from 'commander';
import { getAlertBelow, listAlertsBelow } from '../../api/alerts-below.js';
import { withClient } from '../../api/open-client.js';
import { alertLines } from '../../output/alert-lines.js';
import { formatResources, objectName, type OutputFormat } from '../../output/formats.js';
import { withSites } from '../../output/with-sites.js';
import { safeText } from '../../output/safe-text.js';
import type { Terminal } from '../../terminal.js';
import { outputOption } from '../arguments.js';
import { parseMoment } from './moment.js';

type Alert = Resource<AlertSpec, AlertStatus>;

const help = `
An alert is raised when a threshold of a deployment or collection is crossed (spec.alerts, see docs/alerts.md), and is the same one
when that happens again. active: somebody must look. acknowledged: somebody does. postponed: until a time. resolved: the condition is gone.
closed: somebody is done with it; it comes back only when its condition was gone in between.

At a site with others below it, their alerts are listed too, with the SITE that each belongs to; what is done about them is said there.

Examples:
  muster alert list
  muster alert list --all --deployment harden-web
  muster alert describe harden-web-failed
  muster --site CEN alert describe harden-web-failed --of PR1
  muster alert acknowledge harden-web-failed --comment "the mirror is down, I am on it"
  muster alert postpone harden-web-failed --until 2h
  muster alert close harden-web-failed --comment "rolled back"`;

const OPEN: readonly AlertState[] = ['active', 'acknowledged', 'postponed'];

const deeds = {
  acknowledge: 'say that somebody looks into it',
  close: 'say that nobody needs to look any more',
} as const;

/** `muster alert …`. */
export function registerAlert(program: Command, terminal: Terminal): void {
  const group = program
    .command('alert')
    .description('see what somebody must look at, and say what is done about it')
    .addHelpText('after', help);
  addList(group, terminal);
  group
    .command('describe')
    .description('say everything about an alert')
    .argument('<alert>', 'name of the alert')
    .option('--of <site>', 'one of this site below')
    .action(async (name: string, { of: site }: { of?: string }, command: Command) => {
      const found = await withClient(command, terminal, (client) =>
        site === undefined ? client.get(alert, name) : getAlertBelow(client, site, name),
      );
      for (const line of alertLines(found, new Date())) terminal.out(safeText(line));
    });
  for (const [deed, description] of Object.entries(deeds)) {
    group
      .command(deed)
      .description(description)
      .argument('<alerts...>', 'names of alerts')
      .option('--comment <text>', 'why; kept with the alert')
      .action(async (names: string[], { comment }: { comment?: string }, command: Command) => {
        for (const name of names) await change(command, terminal, name, deed, { comment });
      });
  }
  group
    .command('postpone')
    .description('put it off until a time; it is active again then, if its condition still holds')
    .argument('<alerts...>', 'names of alerts')
    .requiredOption('--until <time>', '2h, 1d, or a time with its offset', (text) => parseMoment(text, 1, new Date()))
    .option('--comment <text>', 'why; kept with the alert')
    .action(async (names: string[], options: { until: string; comment?: string }, command: Command) => {
      for (const name of names) await change(command, terminal, name, 'postpone', options);
    });
  group
    .command('comment')
    .description('add a comment, whatever its state')
    .argument('<alert>', 'name of the alert')
    .argument('<text>', 'the comment')
    .action(async (name: string, comment: string, _options: object, command: Command) =>
      change(command, terminal, name, 'comment', { comment }),
    );
}

function addList(group: Command, terminal: Terminal): void {
  group
    .command('list')
    .description('list alerts that are not over; with --all every one that is kept')
    .option('--all', 'also those that are resolved or closed')
    .addOption(new Option('--state <state>', 'only those in this state').choices(alertStateSchema.options))
    .option('--deployment <name>', 'only those of this deployment')
    .option('--of <site>', 'only those of this site below')
    .addOption(outputOption())
    .action(
      async (
        options: { all?: boolean; state?: AlertState; deployment?: string; of?: string; output: OutputFormat },
        command: Command,
      ) => {
        const { all, state, deployment, of: site, output } = options;
        const labels = Object.entries({ state, deployment }).flatMap(([label, value]) =>
          value === undefined ? [] : [`${label}=${value}`],
        );
        const found: Alert[] = [];
        let below = 0;
        await withClient(command, terminal, async (client) => {
          const wanted = (one: Alert) => all || state !== undefined || OPEN.includes(one.status.state);
          if (site === undefined)
            for await (const one of client.list(alert, labels.length > 0 ? labels.join(',') : undefined))
              if (wanted(one)) found.push(one);
          const here = found.length;
          found.push(...(await listAlertsBelow(client, { site, state, deployment })).filter(wanted));
          below = found.length - here;
        });
        if (found.length === 0 && (output === 'table' || output === 'wide')) {
          terminal.error(all ? 'no alerts' : 'no alert is open; --all shows those that were');
          return;
        }
        const lines =
          output === 'table' && below > 0
            ? withSites(alert, found, new Date())
            : formatResources(alert, found, output, false, new Date());
        for (const line of lines) terminal.out(line);
      },
    );
}

async function change(
  command: Command,
  terminal: Terminal,
  name: string,
  deed: string,
  body: { until?: string; comment?: string | undefined },
): Promise<void> {
  const changed = await withClient(command, terminal, (client) =>
    client.json<Alert>('POST', `/api/v1/${alert.plural}/${encodeURIComponent(name)}/${deed}`, { body }),
  );
  const { state, postponedUntil } = changed.status;
  const until = state === 'postponed' && postponedUntil ? ` until ${postponedUntil}` : '';
  terminal.out(`${objectName(alert, name)} ${deed === 'comment' ? 'commented' : `${state}${until}`}`);
}
