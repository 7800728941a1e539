import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { broadcastOf, magicPacket, type WakeUpPacket } from '@muster/contracts/agent/wake-up.js';

/** The broadcast addresses of the IPv4 networks in which this computer is; loopback is none. */
export function ownBroadcasts(interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces()): Set<string> {
  const addresses = Object.values(interfaces).flatMap((all) => all ?? []);
  return new Set(
    addresses.flatMap(({ family, internal, cidr }) =>
      family === 'IPv4' && !internal && cidr !== null ? (broadcastOf(cidr) ?? []) : [],
    ),
  );
}

/**
 * Sends magic packets in the networks of this computer and nowhere else, whatever the site says. Nobody answers them.
 * @returns how many went out
 */
export async function sendPackets(packets: readonly WakeUpPacket[], own = ownBroadcasts()): Promise<number> {
  const mine = packets.filter(({ address }) => own.has(address));
  if (mine.length === 0) return 0;
  const socket = createSocket('udp4');
  // An address that cannot be reached may tell so later; the packet is lost, and nothing else.
  socket.on('error', () => undefined);
  socket.bind(0);
  try {
    await once(socket, 'listening');
    socket.setBroadcast(true);
    const sent = await Promise.all(
      mine.map(
        ({ mac, address, port }) =>
          new Promise<boolean>((resolve) =>
            socket.send(magicPacket(mac), port, address, (error) => resolve(error === null)),
          ),
      ),
    );
    return sent.filter(Boolean).length;
  } finally {
    socket.close();
  }
}
