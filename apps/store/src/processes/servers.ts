import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { StoreConfig } from '../config.js';
import type { Coordinator } from '../coordinator/coordinator.js';
import type { Credentials } from '../credentials.js';
import { Connections } from '../http/connections.js';
import { BodyFiles } from '../objects/body-files.js';
import { createStoreServer } from '../server.js';
import { Authenticator } from '../signature/authenticate.js';

/** Who serves the connections of a store: this process, or several. */
export interface Servers {
  take(socket: Socket): void;
  /** Lets requests in flight finish for up to 10 seconds. */
  stop(): Promise<void>;
}

/** What a process needs to serve requests. */
interface Equipment {
  config: StoreConfig;
  credentials: Credentials;
  coordinator: Coordinator;
  folders: { blobs: string };
  /** Folder for what is received; nobody else's. */
  unfinished: string;
  logger: Logger;
}

/** Serves requests in this process. */
export function serveHere({ config, credentials, coordinator, folders, unfinished, logger }: Equipment): Servers {
  const files = new BodyFiles(folders, unfinished);
  const { region, maxObjectBytes, idleTimeoutSeconds } = config;
  const server = createStoreServer({
    serving: { coordinator, files, region, maxObjectBytes },
    authenticator: new Authenticator(credentials, region),
    logger,
    folder: unfinished,
    idleTimeoutSeconds,
  });
  const connections = new Connections(server);
  const take = (socket: Socket): void => {
    connections.take(socket);
    socket.resume();
  };
  return { take, stop: () => connections.closeGently() };
}
