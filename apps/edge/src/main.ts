import { EdgeConfigError, readConfig } from './config.js';
import { startEdge } from './edge-server.js';

try {
  const edge = await startEdge(readConfig(process.env));
  process.send?.({ type: 'listening', port: edge.port });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void edge.close().finally(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Whoever started us is gone: nothing of a site outlives `muster up`.
  process.on('disconnect', stop);
} catch (error) {
  const code = error instanceof EdgeConfigError ? error.code : 'edge.start-failed';
  const msg = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${JSON.stringify({ level: 60, service: 'edge', code, msg })}\n`);
  // As every service: 2 says that starting it again is no use.
  process.exit(error instanceof EdgeConfigError ? 2 : 1);
}
