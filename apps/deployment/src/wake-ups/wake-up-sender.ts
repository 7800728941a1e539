import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { magicPacket } from '@muster/contracts/agent/wake-up.js';
import type { DirectedPacket } from './wake-up-targets.js';

/** Sends magic packets from one UDP socket. Nobody answers them: what was sent is all that is known. */
export class WakeUpSender {
  private socket: Promise<Socket> | undefined;

  constructor(private readonly port: number) {}

  /** How many went out; a network that cannot be reached does not keep the others from it. */
  async send(packets: readonly DirectedPacket[]): Promise<number> {
    const socket = await (this.socket ??= open());
    const sent = await Promise.all(
      packets.map(
        ({ mac, address }) =>
          new Promise<boolean>((resolve) =>
            socket.send(magicPacket(mac), this.port, address, (error) => resolve(error === null)),
          ),
      ),
    );
    return sent.filter(Boolean).length;
  }

  async close(): Promise<void> {
    const socket = await this.socket?.catch(() => undefined);
    this.socket = undefined;
    socket?.close();
  }
}

async function open(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0);
  await once(socket, 'listening');
  socket.setBroadcast(true);
  // An address that cannot be reached may tell so later; the packet is lost, and nothing else.
  socket.on('error', () => undefined);
  socket.unref();
  return socket;
}
