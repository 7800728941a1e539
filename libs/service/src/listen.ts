import { createServer, type AddressInfo, type Server } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { mostConnections } from './admission/open-files.js';

/**
 * Connections that wait to be accepted, on each socket: whoever finds no room there hears nothing for seconds, and for longer each time. The
 * system may allow fewer.
 */
const BACKLOG = 4096;
/**
 * Node accepts one connection of a socket in each turn of its event loop. A service that a whole fleet may call at once listens on several
 * (SO_REUSEPORT), or most of the fleet waits in front of a process that has time.
 */
const SOCKETS_FOR_MANY = 4;

/**
 * Listens, and takes no more connections than the process has files for.
 *
 * @param forMany a whole fleet may call at once
 */
export async function listen(
  app: Pick<NestFastifyApplication, 'listen'>,
  server: FastifyInstance,
  { host, port }: { host: string; port: number },
  forMany: boolean,
): Promise<void> {
  const { server: http } = server;
  http.maxConnections = mostConnections() ?? Infinity;
  const several = forMany && process.platform === 'linux';
  if (!several) {
    await app.listen({ port, host, backlog: BACKLOG });
    return;
  }
  // Several sockets on one port are allowed to all processes of one user: whoever is there already must be found out.
  if (port !== 0) {
    const probe = await listening(createServer(), { host, port });
    await new Promise((resolve) => probe.close(resolve));
  }
  const more: Server[] = [];
  // No new connections; those that there are go on.
  server.addHook('preClose', async () => more.forEach((one) => one.close()));
  // Fastify hands on to Node what its types do not know.
  const shared = { host, backlog: BACKLOG, reusePort: true };
  await app.listen({ ...shared, port });
  const bound = (http.address() as AddressInfo).port;
  for (let count = 1; count < SOCKETS_FOR_MANY; count += 1) {
    const one = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => http.emit('connection', socket));
    one.maxConnections = Math.floor(http.maxConnections / SOCKETS_FOR_MANY);
    more.push(await listening(one, { ...shared, port: bound }));
  }
  http.maxConnections = Math.floor(http.maxConnections / SOCKETS_FOR_MANY);
}

function listening(
  server: Server,
  options: { host: string; port: number; backlog?: number; reusePort?: boolean },
): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => resolve(server.off('error', reject)));
  });
}
