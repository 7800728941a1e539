import { access, constants, mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Collection } from './collection/collector.js';
import type { StoreConfig } from './config.js';
import { FolderCoordinator } from './coordinator/folder-coordinator.js';
import { loadCredentials } from './credentials.js';
import { type Layout, checkLayout, notWritable, prepareLayout } from './folder/layout.js';
import { FolderLock } from './folder/lock.js';
import { Listener } from './processes/listener.js';
import { serveHere } from './processes/servers.js';
import { Workers } from './processes/workers.js';
import { StartError } from './start-error.js';

/** A store that is listening. */
export interface RunningStore {
  port: number;
  /** Removes what nothing names, as happens by itself at start and every day. */
  collect(): Promise<Collection>;
  /** Stops listening, lets requests in flight finish for up to 10 seconds, gives the folder up. */
  stop(): Promise<void>;
}

/**
 * Opens the folder and starts listening.
 * @throws StartError `store.credentials-file`, `store.not-writable`, `store.layout-version`, `store.locked`,
 *   `store.damaged`, `store.port-in-use`, `store.cannot-listen`
 */
export async function startStore(config: StoreConfig, logger: Logger): Promise<RunningStore> {
  const credentials = await loadCredentials(config.credentialsFile);
  await openFolder(config.folder);
  await checkLayout(config.folder);
  const lock = await FolderLock.acquire(config.folder);
  try {
    // Again, as whoever had the lock before may have changed it.
    await checkLayout(config.folder);
    const layout = await prepareLayout(config.folder);
    const coordinator = await openCoordinator(config, layout, logger);
    const equipment = { config, credentials, coordinator, logger };
    const workers = config.processes > 1 ? new Workers({ ...equipment, layout }) : undefined;
    const servers = workers ?? serveHere({ ...equipment, folders: layout, unfinished: layout.temporary });
    const listener = await Listener.open(config, (socket) => servers.take(socket));
    await workers?.start();
    coordinator.startCollecting();
    const stop = async (): Promise<void> => {
      listener.close();
      await Promise.all([servers.stop(), coordinator.stop()]);
      lock.release();
    };
    return { port: listener.port, stop, collect: () => coordinator.collect() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw notWritable(folder, cause);
  }
}

async function openCoordinator(config: StoreConfig, layout: Layout, logger: Logger): Promise<FolderCoordinator> {
  try {
    return await FolderCoordinator.open(layout, { ...config, logger });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replaceAll(/\s+/g, ' ') : String(cause);
    const message = `${config.folder} cannot be read: ${reason}; restore it or name another`;
    throw new StartError('store.damaged', message, { cause });
  }
}
