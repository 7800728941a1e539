import { access, constants, mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { BucketFolders } from './buckets/bucket-folders.js';
import { type Collection, Collector } from './collection/collector.js';
import type { StoreConfig } from './config.js';
import { loadCredentials } from './credentials.js';
import { checkLayout, notWritable, prepareLayout } from './folder/layout.js';
import { FolderLock } from './folder/lock.js';
import { BlobFiles } from './objects/blob-files.js';
import { ObjectStore } from './objects/object-store.js';
import { createStoreServer } from './server.js';
import { Authenticator } from './signature/authenticate.js';
import { StartError, systemCode } from './start-error.js';
import { UploadFiles } from './uploads/upload-files.js';

/** How long requests in flight may take to finish after a stop was asked for. */
const STOP_SECONDS = 10;

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
    const buckets = await loadBuckets(config.folder, () => BucketFolders.load(layout));
    const objects = new ObjectStore(layout, new BlobFiles(layout));
    const uploads = new UploadFiles(layout, objects);
    const collector = new Collector({ buckets, objects, uploads, logger, ...config });
    // Before the first request: what a kill left of a completed upload must not be taken for one that goes on.
    await loadBuckets(config.folder, () => collector.tidyUploads());
    const server = createStoreServer({
      store: {
        buckets,
        objects,
        uploads,
        region: config.region,
        maxObjectBytes: config.maxObjectBytes,
      },
      authenticator: new Authenticator(credentials, config.region),
      logger,
      folder: layout.temporary,
      idleTimeoutSeconds: config.idleTimeoutSeconds,
    });
    const port = await listen(server, config);
    collector.start();
    const stop = async (): Promise<void> => {
      await Promise.all([closeGently(server), collector.stop()]);
      lock.release();
    };
    return { port, stop, collect: () => collector.collect() };
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

async function loadBuckets<T>(folder: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replaceAll(/\s+/g, ' ') : String(cause);
    throw new StartError('store.damaged', `${folder} cannot be read: ${reason}; restore it or name another`, { cause });
  }
}

function listen(server: Server, config: StoreConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const where = `${config.host}:${config.port}`;
      reject(
        systemCode(cause) === 'EADDRINUSE'
          ? new StartError('store.port-in-use', `${where} is in use; stop what listens there or set MUSTER_STORE_PORT`)
          : new StartError('store.cannot-listen', `${where} cannot be listened on (${systemCode(cause)})`, { cause }),
      );
    });
    server.listen(config.port, config.host, () => resolve((server.address() as AddressInfo).port));
  });
}

function closeGently(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => server.closeAllConnections(), STOP_SECONDS * 1000);
    // A connection whose last request ends now would otherwise stay open for the keep-alive time.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(deadline);
      clearInterval(idle);
      resolve();
    });
    server.closeIdleConnections();
  });
}
