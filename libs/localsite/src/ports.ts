import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { systemErrorCode, UpError } from './up-error.js';

/** Below the range from which the kernel takes ports for outgoing connections, so that a stopped child finds its port free again. */
const internalPorts = { from: 17_000, to: 31_999 } as const;

/** True when nothing on this machine listens on the port of the address. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      if (systemErrorCode(error) === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Ports that sites of this process were given: nobody listens on them until their processes have come up. */
const given = new Set<number>();

/**
 * A port for every name: the kept one where it is still free, otherwise a new one and a note that says so.
 *
 * @param kept what the site used last time
 * @param publicPorts of the site and of those that start beside it: none of its processes may have one of these
 */
export async function choosePorts(
  names: readonly string[],
  kept: Readonly<Record<string, number>>,
  publicPorts: readonly number[],
): Promise<{ ports: Record<string, number>; notes: string[] }> {
  const ports: Record<string, number> = {};
  const notes: string[] = [];
  const taken = new Set([...Object.values(kept), ...publicPorts]);
  for (const name of names) {
    const last = kept[name];
    const isPublic = last !== undefined && publicPorts.includes(last);
    if (last !== undefined && !isPublic && (await isPortFree(last))) {
      ports[name] = last;
      continue;
    }
    const port = await freePort(taken);
    ports[name] = port;
    const why = isPublic ? 'is a public one' : 'is taken by another program';
    if (last !== undefined) notes.push(`port ${last} of ${name} ${why}; ${name} now uses ${port}`);
  }
  return { ports, notes };
}

/** Throws `up.port-in-use` unless the public port can be listened on: it is never changed silently. */
export async function requirePublicPort(port: number, host: string): Promise<void> {
  let free: boolean;
  try {
    free = await isPortFree(port, host);
  } catch (cause) {
    throw new UpError(
      'up.port-in-use',
      `port ${port} on ${host} cannot be used (${systemErrorCode(cause) ?? 'unknown'}): choose another with --port`,
      { cause },
    );
  }
  if (!free) {
    throw new UpError(
      'up.port-in-use',
      `port ${port} on ${host} is in use by another program: stop it, or choose another with --port`,
    );
  }
}

async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(internalPorts.from, internalPorts.to + 1);
    if (taken.has(port) || given.has(port)) continue;
    // Before the look, during which another site chooses, too.
    given.add(port);
    if (await isPortFree(port)) return port;
  }
  throw new UpError(
    'up.port-in-use',
    `no free port between ${internalPorts.from} and ${internalPorts.to} on 127.0.0.1`,
  );
}
