import type { Socket } from 'node:net';
import { letBuffersDieYoung } from '@muster/platform/buffers-die-young.js';
import { createLogger } from '../log.js';
import { CalledCoordinator } from './called-coordinator.js';
import type { FromWorker, Orders, ToWorker } from './messages.js';
import { type Servers, serveHere } from './servers.js';

/** The program of a worker: serves the connections that the coordinator hands over, as it is ordered. Started by nobody else. */
letBuffersDieYoung();

let servers: Servers | undefined;
let coordinator: CalledCoordinator | undefined;

// Who serves without a coordinator has no right to.
process.on('disconnect', () => process.exit(1));
// A signal for all of the group reaches the coordinator, too, which says when to stop.
process.on('SIGTERM', () => undefined);
process.on('SIGINT', () => undefined);

process.on('message', (message: ToWorker, socket?: Socket) => {
  switch (message.type) {
    case 'orders':
      begin(message);
      return;
    case 'connection':
      tell({ type: 'taken', connection: message.connection });
      // It may have been closed on its way.
      if (socket) servers?.take(socket);
      return;
    case 'answer':
      coordinator?.answered(message);
      return;
    case 'stop':
      void (servers?.stop() ?? Promise.resolve()).then(() => process.exit(0));
      return;
    default:
      message satisfies never;
  }
});
tell({ type: 'hello' });

function begin({ config, credentials, folders, unfinished }: Orders): void {
  coordinator = new CalledCoordinator(folders, tell);
  servers = serveHere({
    config,
    credentials: new Map(credentials.map((credential) => [credential.accessKeyId, credential])),
    coordinator,
    folders,
    unfinished,
    logger: createLogger(config.logLevel).child({ pid: process.pid }),
  });
  tell({ type: 'ready' });
}

function tell(message: FromWorker): void {
  // It fails when the coordinator has ended, and then so does this process.
  process.send?.(message, undefined, undefined, () => undefined);
}
