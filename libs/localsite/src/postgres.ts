import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { writeFileAtomic } from './atomic-file.js';
import type { ChildSpec } from './child.js';
import { keptSecret } from './keys.js';
import type { SiteLayout } from './layout.js';
import type { PostgresPrograms } from './postgres-programs.js';
import { type Account, asAccount, type Command, dieWithParent, isRoot, lookUpAccount } from './privilege.js';
import { readTemplate } from './template.js';
import { UpError } from './up-error.js';

const execFileAsync = promisify(execFile);

/**
 * Who serves when muster is root: a number that belongs to no account, so that nobody else's process can read the
 * database's files. (Only initdb insists on an account with a name.)
 */
const serverAccount: Account = { uid: 60_777, gid: 60_777 };

/** Superuser of the site's server; used by `muster up` alone. */
export const postgresAdmin = 'postgres';

const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8'];

/** Makes the server's files on first start, and writes its configuration at every start. */
export async function preparePostgres(layout: SiteLayout, programs: PostgresPrograms, port: number): Promise<void> {
  const data = dataFolder(layout);
  if (!existsSync(data)) await initialise(layout, programs);
  removeForeignPidFile(data);
  for (const [name, text] of [
    ['postgresql.conf', readTemplate('postgresql.conf', { PORT: port })],
    ['pg_hba.conf', readTemplate('pg_hba.conf', {})],
  ] as const) {
    writeFileAtomic(join(data, name), text);
    if (isRoot()) chownSync(join(data, name), serverAccount.uid, serverAccount.gid);
  }
}

/** How to run the prepared server. */
export function postgresChild(layout: SiteLayout, programs: PostgresPrograms, port: number): ChildSpec {
  const data = dataFolder(layout);
  const server: Command = { command: programs.postgres, args: ['-D', data] };
  // SIGINT is Postgres' fast shutdown: open transactions are rolled back, committed ones are on disk.
  const command = isRoot()
    ? asAccount(server, serverAccount, 'SIGINT', [programs.postgres, data])
    : dieWithParent(server, 'SIGINT');
  return {
    name: 'postgres',
    ...command,
    cwd: '/',
    tier: 0,
    stopSignal: 'SIGINT',
    graceSeconds: 30,
    startTimeoutSeconds: 300,
    ready: { probe: () => answers(layout, port) },
  };
}

/** Connection string of the superuser. */
export function adminUrl(layout: SiteLayout, port: number, database: string): string {
  return databaseUrl(postgresAdmin, adminPassword(layout), port, database);
}

/** Connection string of any role; user and password need no escaping (base64url). */
export function databaseUrl(user: string, password: string, port: number, database: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
}

function dataFolder(layout: SiteLayout): string {
  return join(layout.postgres, 'data');
}

function adminPassword(layout: SiteLayout): string {
  return keptSecret(layout.keys, 'postgres-admin');
}

/** initdb into a folder beside, renamed when complete: a start that was cut off is simply done again. */
async function initialise(layout: SiteLayout, programs: PostgresPrograms): Promise<void> {
  const work = join(layout.postgres, 'new');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { mode: 0o700 });
  const passwordFile = join(work, 'password');
  writeFileSync(passwordFile, adminPassword(layout), { mode: 0o600 });
  const data = join(work, 'data');
  let initdb: Command = {
    command: programs.initdb,
    // The built-in locale: the same order of texts on every machine.
    args: [
      `--pgdata=${data}`,
      `--username=${postgresAdmin}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      ...locale,
    ],
  };
  if (isRoot()) {
    const named = lookUpAccount('nobody') ?? lookUpAccount('daemon');
    if (named === null)
      throw new UpError(
        'up.postgres-initdb',
        'Postgres does not run as root and there is no account "nobody": run muster as an ordinary user',
      );
    chownSync(work, named.uid, named.gid);
    chownSync(passwordFile, named.uid, named.gid);
    initdb = asAccount(initdb, named, 'SIGKILL', [programs.initdb, data]);
  } else initdb = dieWithParent(initdb, 'SIGKILL');
  try {
    await execFileAsync(initdb.command, initdb.args, { cwd: '/', timeout: 300_000 });
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
    const reason = said.trim().split('\n').at(-1) ?? '';
    throw new UpError('up.postgres-initdb', `Postgres could not create its files in ${layout.postgres}: ${reason}`, {
      cause,
    });
  }
  if (isRoot()) changeOwner(data, serverAccount);
  chmodSync(data, 0o700);
  renameSync(data, dataFolder(layout));
  rmSync(work, { recursive: true, force: true });
}

function changeOwner(path: string, account: Account): void {
  lchownSync(path, account.uid, account.gid);
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    lchownSync(join(entry.parentPath, entry.name), account.uid, account.gid);
  }
}

/**
 * After a crash Postgres refuses to start while the number in its pid file belongs to a running process, which may be
 * any program by now. The site's lock and record say that no server of ours runs; a file that names another program is removed.
 */
function removeForeignPidFile(data: string): void {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  let commandLine = '';
  try {
    commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return; // The process is gone, or there is no /proc: Postgres decides for itself.
  }
  if (!commandLine.includes('postgres')) rmSync(file, { force: true });
}

async function answers(layout: SiteLayout, port: number): Promise<boolean> {
  const client = new Client({ connectionString: adminUrl(layout, port, 'postgres'), connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}
