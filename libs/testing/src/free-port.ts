import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Neither from the range of which the kernel takes ports for outgoing connections (they would take it before the test does), nor
 * from the one of which a site takes its inner ports.
 */
const ports = { from: 10_000, to: 16_999 } as const;
const given = new Set<number>();

/** A port of 127.0.0.1 that nobody listens on right now; never the same twice in one process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(ports.from, ports.to + 1);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
