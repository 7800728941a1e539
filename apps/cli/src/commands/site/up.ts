import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError, SilentExit } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import type { Terminal } from '../../terminal.js';
import type { UpOptions } from '../../up-command/up.js';
import { collect, wholeNumber } from '../arguments.js';

const help = `
Starts real servers on this computer: Postgres, NATS, a distribution point, the services and one port for all of them. All data
is under one folder; run again, the same site goes on, with the agent of this computer if it was enrolled. The first start prints
the admin token and keeps it in context "local". Ctrl-C stops everything; so does closing the output ("| head").

Examples:
  muster up
  muster up --sample                  with an agent on this computer and a sample deployment
  muster up --sample --exit           the same, and stop; exit code 0 only if the sample succeeded
  muster up --data /srv/muster --port 8080 --host 0.0.0.0
  muster up --renew-admin-token       when the admin token is lost
  muster up --renew-site-key          another key by which policy is signed; computers learn it (docs/devices.md)
  muster up --renew-link-key          another key by which other sites know this one; they learn it (docs/hierarchy.md)
  muster up --hierarchy 2             sites CEN, PR1 and PR2, each with all of its own, on ports 7700 to 7702; 1.2 GiB of memory each
  muster up --data cen --site-code CEN --kind central --sealing-key .muster/keys/sealing-key --port 7800
                                      a central site, to put above the one in .muster (muster hierarchy --help)`;

function siteCode(text: string): string {
  if (/^[A-Z0-9]{3}$/.test(text)) return text;
  throw new InvalidArgumentError('three capital letters or digits are expected');
}

/** `muster up`. */
export function registerUp(program: Command, terminal: Terminal): void {
  program
    .command('up')
    .description('start a whole site on this computer')
    .option('--data <dir>', 'folder of the site (default: .muster in the checkout)')
    .option('--port <number>', 'public port (default: the one of last time, first 7700)', wholeNumber(1, 65_535))
    .option('--host <address>', 'public address (default: 127.0.0.1)')
    .option('--hierarchy <n>', 'a central site and this many primaries, joined', wholeNumber(1, 25))
    .option('--site-code <code>', 'code of a new site: three capital letters or digits (default: S01)', siteCode)
    .addOption(
      new Option('--kind <kind>', 'what the site is for, until it joins (default: primary)').choices([
        'central',
        'primary',
        'secondary',
      ]),
    )
    .option('--sealing-key <file>', 'seal secrets as another site does: the file keys/sealing-key of its data folder')
    .option('--sample', 'enrol this computer and run the sample on it')
    .option('--exit', 'stop when everything was started, or when the sample is over')
    .option('--renew-admin-token', 'make a new admin token in place of a lost one')
    .option('--renew-site-key', 'make a new key by which policy is signed; computers learn it without enrolling again')
    .option(
      '--forget-former-site-keys',
      'give up the signing keys before: computers that know no newer one enrol again',
    )
    .option('--renew-link-key', 'make a new key by which other sites know this one, without joining again')
    .option(
      '--webhooks-to <network>',
      'let webhooks go to this network too, such as 10.1.0.0/16; several are possible',
      collect,
    )
    .option('--mail-server <url>', 'hand alerts over to this mail server: smtp://[user@]host[:port], or smtps://')
    .option('--mail-from <address>', 'the sender of these mails')
    .option('--mail-password-file <file>', 'the password of the user of the mail server')
    .addOption(
      new Option('--mail-tls <whether>', 'off: the mail server is spoken to unencrypted').choices(['required', 'off']),
    )
    .addHelpText('after', help)
    .action(async (options: UpOptions & { hierarchy?: number }) => {
      const { hierarchy } = options;
      if (hierarchy !== undefined) {
        const wrong = (['sample', 'siteCode', 'kind', 'sealingKey'] as const).find(
          (name) => options[name] !== undefined,
        );
        if (wrong)
          throw new CliError(
            'cli.usage',
            '--hierarchy decides codes, kinds and keys, and has no sample: leave the other option out',
            EXIT_CODES.usage,
          );
        const { upHierarchy } = await import('../../up-command/up-hierarchy.js');
        const ended = await upHierarchy({ ...options, hierarchy }, terminal);
        if (ended !== EXIT_CODES.ok) throw new SilentExit(ended);
        return;
      }
      // Only this command needs the servers' own libraries.
      const { up } = await import('../../up-command/up.js');
      const exitCode = await up(options, terminal);
      if (exitCode !== EXIT_CODES.ok) throw new SilentExit(exitCode);
    });
}
