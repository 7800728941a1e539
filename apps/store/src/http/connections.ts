import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** How long requests in flight may take to finish after a stop was asked for. */
export const STOP_SECONDS = 10;

/** The connections of an HTTP server that does not listen itself: somebody accepts them and hands them over. */
export class Connections {
  private readonly open = new Set<Socket>();

  constructor(private readonly server: Server) {
    // What a server does when it begins to listen, and not before: to look after timeouts, and to know which connections are idle.
    server.emit('listening');
  }

  /** Serves requests on a connection. */
  take(socket: Socket): void {
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    this.server.emit('connection', socket);
  }

  /** Lets requests in flight finish for up to 10 seconds, and closes every connection. None may be handed over any more. */
  closeGently(): Promise<void> {
    return new Promise((resolve) => {
      const deadline = Date.now() + STOP_SECONDS * 1000;
      const closeIdle = (): void => {
        // A connection whose last request ends now would otherwise stay open for the keep-alive time.
        this.server.closeIdleConnections();
        if (Date.now() > deadline) for (const socket of this.open) socket.destroy();
        if (this.open.size > 0) return;
        clearInterval(idle);
        this.server.close();
        resolve();
      };
      const idle = setInterval(closeIdle, 50);
      closeIdle();
    });
  }
}
