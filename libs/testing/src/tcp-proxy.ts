import { createServer, connect, type Server, type Socket } from 'node:net';

/** Stands between two servers, so that a test can cut what connects them. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private isCut = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param target port on 127.0.0.1 */
  static async open(port: number, target: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, port);
    server.on('connection', (near) => {
      if (proxy.isCut) return near.destroy();
      const far = connect({ host: '127.0.0.1', port: target });
      for (const [one, other] of [[near, far] as const, [far, near] as const]) {
        proxy.sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          proxy.sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** How many ends of connections are open. */
  get carries(): number {
    return this.sockets.size;
  }

  /** Ends every connection, and lets none be made. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  heal(): void {
    this.isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
