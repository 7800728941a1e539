import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import type { StoreConfig } from '../config.js';
import { StartError, systemCode } from '../start-error.js';

/** The socket that a store listens on. It belongs to the coordinator, so that it stays when those who serve do not. */
export class Listener {
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /**
   * Begins to listen.
   * @param take gets every connection; nothing of it has been read, and nothing is before `resume`
   * @throws StartError `store.port-in-use`, `store.cannot-listen`
   */
  static open({ host, port }: Pick<StoreConfig, 'host' | 'port'>, take: (socket: Socket) => void): Promise<Listener> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, take);
    return new Promise((resolve, reject) => {
      server.once('error', (cause) => {
        const where = `${host}:${port}`;
        reject(
          systemCode(cause) === 'EADDRINUSE'
            ? new StartError(
                'store.port-in-use',
                `${where} is in use; stop what listens there or set MUSTER_STORE_PORT`,
              )
            : new StartError('store.cannot-listen', `${where} cannot be listened on (${systemCode(cause)})`, { cause }),
        );
      });
      server.listen(port, host, () => resolve(new Listener(server, (server.address() as AddressInfo).port)));
    });
  }

  /** Accepts nobody any more, from now on. */
  close(): void {
    this.server.close();
  }
}
