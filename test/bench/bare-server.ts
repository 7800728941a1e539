import { createServer } from 'node:http';

/** The baseline of polls: a process that answers every request with 304 and does nothing else. Tells its port to its parent. */
const server = createServer((_request, response) => {
  response.writeHead(304, { ETag: '"the-same"', 'Cache-Control': 'private, no-cache' });
  response.end();
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('disconnect', () => process.exit());
