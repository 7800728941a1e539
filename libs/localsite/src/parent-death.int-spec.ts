import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from '@muster/testing/free-port.js';
import { until } from '@muster/testing/until.js';
import { createFolders, siteLayout } from './layout.js';
import { postgresChild, preparePostgres } from './postgres.js';
import { postgresPrograms } from './postgres-programs.js';
import { repositoryFolder } from './repository.js';
import { Supervisor } from './supervisor.js';

const startModule = pathToFileURL(join(repositoryFolder(), 'dist/libs/localsite/src/start-site.js')).href;

/** Starts a site in a process of its own, which can be killed; resolves when the site is up. */
function startInOwnProcess(
  dataFolder: string,
  port: number,
): Promise<{ kill: (signal: NodeJS.Signals) => Promise<void> }> {
  const program = `
    import { startSite } from ${JSON.stringify(startModule)};
    const options = { dataFolder: ${JSON.stringify(dataFolder)}, port: ${port}, services: [], storeScript: null };
    await startSite({ ...options, onNote: (line) => console.error(line) });
    console.log('up');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () =>
      resolve({
        kill: async (signal) => {
          child.kill(signal);
          await exited;
        },
      }),
    );
    void exited.then(() => reject(new Error('the site did not start')));
  });
}

/** Command lines of all processes of the machine that name the data folder or the port. */
function processesOf(dataFolder: string, pids: readonly number[]): string[] {
  const found: string[] = [];
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1]);
      if (line.includes(dataFolder) || pids.includes(Number(entry)) || pids.includes(parent))
        found.push(`${entry} ${line}`);
    } catch {
      // The process ended while it was looked at.
    }
  }
  return found;
}

describe('kill -9 of muster up', () => {
  const data = mkdtempSync(join(tmpdir(), 'muster-up-'));

  afterAll(() => rmSync(data, { recursive: true, force: true }));

  it('leaves no process behind, and the next start resumes the site', async () => {
    const port = await freePort();
    for (let round = 0; round < 2; round++) {
      const site = await startInOwnProcess(data, port);
      const records = JSON.parse(readFileSync(join(data, 'children.json'), 'utf8')) as { name: string; pid: number }[];
      expect(records.map((record) => record.name).sort()).toEqual(['edge', 'nats', 'postgres']);
      const pids = records.map((record) => record.pid);
      await until(() => processesOf(data, pids).length > 6);
      await site.kill('SIGKILL');
      await until(() => processesOf(data, pids).length === 0);
    }
  });

  it('does not let an immediate next start work on files that the last servers still write', async () => {
    const port = await freePort();
    const site = await startInOwnProcess(data, port);
    const before = readFileSync(join(data, 'site.json'), 'utf8');
    await site.kill('SIGKILL');
    const next = await startInOwnProcess(data, port);
    // No port had to move: the last servers were gone before the ports were looked at.
    expect(readFileSync(join(data, 'site.json'), 'utf8')).toBe(before);
    await next.kill('SIGKILL');
    await until(() => processesOf(data, []).length === 0);
  });
});

describe('a checkout that only root may enter', () => {
  // An ordinary user runs Postgres as itself and has no such case.
  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  const folder = mkdtempSync(join(tmpdir(), 'muster-root-'));

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  asRoot('serves Postgres from it, as another user than root', async () => {
    const programs = await postgresPrograms();
    cpSync(join(programs.postgres, '..', '..'), join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
    const copies = { postgres: join(folder, 'native/bin/postgres'), initdb: join(folder, 'native/bin/initdb') };
    const layout = siteLayout(join(folder, 'data'));
    const port = await freePort();
    createFolders(layout);
    await preparePostgres(layout, copies, port);
    const supervisor = new Supervisor(layout.logs, layout.childrenFile);
    try {
      await supervisor.start(postgresChild(layout, copies, port));
      const status = readFileSync(`/proc/${supervisor.pids()['postgres']}/status`, 'utf8');
      expect(/^Uid:\s*(\d+)/m.exec(status)?.[1]).not.toBe('0');
    } finally {
      await supervisor.stopAll();
    }
  });
});
