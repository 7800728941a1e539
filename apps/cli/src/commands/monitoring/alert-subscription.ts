import { alertSubscription, type MailTestResult } from '@muster/contracts/kinds/alert-subscription.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { safeText } from '../../output/safe-text.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';

const help = `
A subscription brings alerts (muster alert --help) by mail, at least once each; very many at once are one mail (docs/alerts.md). The
site needs a mail server for it: muster up --mail-server URL --mail-from ADDRESS.

See them all: muster get alert-subscriptions. Make one with muster apply:
  apiVersion: muster/v1
  kind: AlertSubscription
  metadata: { name: ops }
  spec:
    addresses: ops@example.org; on-call@example.org
    rules: [deployment-failed]      # all, unless it is said; also deployments, deploymentLabels, sites
    crossings: [raised, resolved]   # both, unless it is said

Examples:
  muster alert-subscription test ops
  muster get alert-subscriptions -o wide
  muster delete alert-subscription ops`;

/** `muster alert-subscription …`. */
export function registerAlertSubscription(program: Command, terminal: Terminal): void {
  program
    .command('alert-subscription')
    .description('try who gets alerts by mail')
    .addHelpText('after', help)
    .command('test')
    .description('send a test mail now, and say what the mail server answers for each address')
    .argument('<name>', 'name of the subscription')
    .addOption(listOutputOption())
    .action(async (name: string, { output }: { output: 'table' | 'json' }, command: Command) => {
      const path = `/api/v1/${alertSubscription.plural}/${encodeURIComponent(name)}/test`;
      const result = await withClient(command, terminal, (client) => client.json<MailTestResult>('POST', path));
      show(terminal, result, output);
      const missed = result.recipients.filter(({ state }) => state !== 'taken');
      if (result.sent && missed.length === 0) return;
      const why =
        result.error ?? `the mail server did not take it for ${missed.map(({ address }) => address).join(', ')}`;
      throw new CliError('mail.test-failed', safeText(why), EXIT_CODES.failed);
    });
}

function show(terminal: Terminal, result: MailTestResult, output: 'table' | 'json'): void {
  if (output === 'json') return terminal.out(JSON.stringify(result, null, 2));
  if (result.recipients.length === 0) return;
  const rows = result.recipients.map(({ address, state, answer }) => [address, state, answer]);
  for (const line of formatTable(['ADDRESS', 'STATE', 'ANSWER'], rows)) terminal.out(line);
  terminal.out(`${result.messageId} after ${result.milliseconds} ms`);
}
