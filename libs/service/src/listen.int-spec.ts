import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { fastify, type FastifyInstance } from 'fastify';
import { listen } from './listen.js';

function server(): FastifyInstance {
  const made = fastify({ forceCloseConnections: true });
  made.get('/', async () => 'here');
  return made;
}

const listening = (one: FastifyInstance, port: number) =>
  listen(one as unknown as Pick<NestFastifyApplication, 'listen'>, one, { host: '127.0.0.1', port }, true);

it('serves on several sockets of one port, of which a second process is told that it is in use, and leaves all of them', async () => {
  const [first, second] = [server(), server()];
  await listening(first, 0);
  const { port } = first.server.address() as AddressInfo;
  const ask = async () => (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
  try {
    // The system spreads connections over the sockets: with so many each has some.
    expect(new Set(await Promise.all(Array.from({ length: 60 }, ask)))).toEqual(new Set(['here']));
    await expect(listening(second, port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  } finally {
    await first.close();
    await second.close();
  }
  for (let count = 0; count < 10; count += 1) await expect(ask()).rejects.toThrow('fetch failed');
});
