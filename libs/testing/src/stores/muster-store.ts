import { fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtApp } from '@muster/localsite/repository.js';
import type { RunningS3, TestedStore } from './tested-store.js';

const KEYS = { accessKeyId: 'STORETESTKEY', secretAccessKey: 'secret-of-the-store-test' };
const STRANGER = { accessKeyId: 'STORESTRANGER', secretAccessKey: 'secret-of-the-store-stranger' };

/** Our own store, from the build. */
export const musterStore: TestedStore = { name: 'muster', kind: 'muster', programs: [], start: () => start(1) };

/** The same, served by two processes. */
export const musterStoreOfProcesses: TestedStore = {
  name: 'muster-processes',
  kind: 'muster',
  programs: [],
  start: () => start(2),
};

async function start(processes: number): Promise<RunningS3> {
  const home = await mkdtemp(join(tmpdir(), 'muster-store-'));
  const file = join(home, 'keys.json');
  await writeFile(file, JSON.stringify([KEYS, { ...STRANGER, buckets: ['another-bucket'] }]), { mode: 0o600 });
  const child = fork(builtApp('store'), {
    env: {
      PATH: process.env['PATH'],
      MUSTER_STORE_FOLDER: join(home, 'store'),
      MUSTER_STORE_CREDENTIALS_FILE: file,
      MUSTER_STORE_PROCESSES: String(processes),
      MUSTER_LOG_LEVEL: 'error',
    },
    execArgv: [],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('exit', (code) => reject(new Error(`the store ended with ${code}`)));
  });
  const stop = async (): Promise<void> => {
    const exit = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await exit;
    await rm(home, { recursive: true, force: true });
  };
  return { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', keys: KEYS, stranger: STRANGER, stop };
}
