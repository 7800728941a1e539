import type { EdgeConfig } from './config.js';
import { createGrpcForwarder } from './grpc-forwarder.js';
import { createHttpProxy, type EdgeLimits } from './http-proxy.js';
import { sharePort } from './port-sharing.js';

/** For requests in flight; watches never end by themselves. */
const graceMilliseconds = 1000;

/** The proxy, listening. */
export interface EdgeServer {
  readonly port: number;
  /** Takes no new connections, lets requests in flight end for a second, then closes what is left. */
  close(): Promise<void>;
}

/** Starts the proxy: HTTP/1.1 and gRPC on one port. */
export async function startEdge(config: EdgeConfig, limits: EdgeLimits = {}): Promise<EdgeServer> {
  const app = await createHttpProxy(config, limits);
  const grpc = createGrpcForwarder(config);
  const closeSilent = sharePort(app.server, grpc.server);
  await app.listen({ host: config.host, port: config.port });
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : config.port,
    close: async () => {
      closeSilent();
      const late = setTimeout(() => {
        closeSilent();
        app.server.closeAllConnections();
        grpc.close();
      }, graceMilliseconds);
      await app.close();
      clearTimeout(late);
      grpc.close();
    },
  };
}
