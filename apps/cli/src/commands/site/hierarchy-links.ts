import type { ReinitialiseResult, SiteList, VerifyResult } from '@muster/contracts/hierarchy/site-views.js';
import type { Command } from 'commander';
import { withClient } from '../../api/open-client.js';
import { SilentExit } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { siteRows, statusLines, verifyLines } from '../../output/hierarchy-lines.js';
import { safeLine } from '../../output/safe-text.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';

const path = '/api/v1/hierarchy';

/** `muster hierarchy status|sites|verify|reinitialise`. */
export function registerLinks(group: Command, terminal: Terminal): void {
  group
    .command('status')
    .description('show the links of this site in every service, what waits, and what is parked')
    .addOption(listOutputOption())
    .action(async (options: { output: string }, command: Command) => {
      const list = await withClient(command, terminal, (client) => client.json<SiteList>('GET', '/api/v1/sites'));
      if (options.output === 'json') return terminal.out(JSON.stringify(list, null, 2));
      for (const line of statusLines(list, new Date())) terminal.out(line);
    });
  group
    .command('sites')
    .description('show all sites that this one knows, neighbours with the worst link first')
    .addOption(listOutputOption())
    .action(async (options: { output: string }, command: Command) => {
      const list = await withClient(command, terminal, (client) => client.json<SiteList>('GET', '/api/v1/sites'));
      if (options.output === 'json') return terminal.out(JSON.stringify(list, null, 2));
      for (const line of formatTable(...siteRows(list, new Date()))) terminal.out(line);
    });
  group
    .command('verify')
    .description('compare everything with the neighbours; exit code 1 when something differs')
    .option('--repair', 'mend what differs')
    .option('--peer <code>', 'only with this neighbour')
    .addOption(listOutputOption())
    .action(async (options: { repair?: boolean; peer?: string; output: string }, command: Command) => {
      const { repair, peer } = options;
      const result = await withClient(command, terminal, (client) =>
        client.json<VerifyResult>('POST', `${path}/verify`, { body: { repair, peer } }),
      );
      if (options.output === 'json') terminal.out(JSON.stringify(result, null, 2));
      else for (const line of verifyLines(result)) terminal.out(line);
      if (!result.same) throw new SilentExit(EXIT_CODES.failed);
    });
  group
    .command('reinitialise')
    .description('read everything of a neighbour again, while both sites go on')
    .argument('<code>', 'the neighbour')
    .addOption(listOutputOption())
    .action(async (peer: string, options: { output: string }, command: Command) => {
      const { services } = await withClient(command, terminal, (client) =>
        client.json<ReinitialiseResult>('POST', `${path}/reinitialise`, { body: { peer } }),
      );
      if (options.output === 'json') terminal.out(JSON.stringify({ services }, null, 2));
      else
        for (const { service, begun, error } of services)
          terminal.out(`${service}: ${begun ? `reads ${peer} from the beginning` : safeLine(error ?? 'not begun')}`);
      if (!services.every(({ begun }) => begun)) throw new SilentExit(EXIT_CODES.failed);
    });
}
