import { z } from 'zod';

/** GET /api/v1/agent/wake-ups: server-sent events of this name. */
export const WAKE_UP_EVENT = 'policy';

/** An ability (`ABILITIES_HEADER`): it sends magic packets to computers that sleep in its network when the site asks for it. */
export const WAKE_NEIGHBOURS = 'wake-neighbours';

/** What a device can be asked for besides coming for policy. Agents ignore an event with one that they do not know. */
export const DEVICE_WISHES = ['inventory'] as const;
export type DeviceWish = (typeof DEVICE_WISHES)[number];

/** In one event: more would make a line that agents take for one without an end. */
export const MOST_WAKE_UP_PACKETS = 30;

export const MAC_PATTERN = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/** One magic packet: to whom it speaks, and where it goes. */
export const wakeUpPacketSchema = z
  .strictObject({
    mac: z.string().regex(MAC_PATTERN),
    address: z
      .ipv4()
      .describe('The broadcast address of a subnet in which the device itself is; others are not sent to'),
    port: z.int().min(1).max(65_535).describe('UDP'),
  })
  .meta({ id: 'WakeUpPacket' });

export type WakeUpPacket = z.infer<typeof wakeUpPacketSchema>;

/** The data of a wake-up: a hint that policy may have changed, or that the site wants something else. The policy itself is always asked for. */
export const wakeUpSchema = z
  .strictObject({
    withinSeconds: z.int().min(0).describe('Ask at a random moment within so many seconds: many are woken together'),
    wish: z
      .enum(DEVICE_WISHES)
      .optional()
      .describe(
        'This is wanted, and policy has not changed. inventory: tell the facts of the computer, although none changed',
      ),
    neighbours: z
      .array(wakeUpPacketSchema)
      .max(MOST_WAKE_UP_PACKETS)
      .optional()
      .describe('Computers sleep in the network of the device: send these packets there, now'),
  })
  .meta({ id: 'WakeUp' });

export type WakeUp = z.infer<typeof wakeUpSchema>;

/** Six times FF, then sixteen times the MAC: 102 bytes. */
export function magicPacket(mac: string): Buffer {
  const bytes = Buffer.from(mac.replaceAll(':', ''), 'hex');
  return Buffer.concat([Buffer.alloc(6, 0xff), ...Array.from({ length: 16 }, () => bytes)]);
}

/** The broadcast address of `10.1.2.0/24`; undefined when it is no IPv4 subnet of 8 to 30 bits, and has none to send to. */
export function broadcastOf(subnet: string): string | undefined {
  const [address = '', length] = subnet.split('/');
  const bits = Number(length);
  if (!z.ipv4().safeParse(address).success || !(bits >= 8 && bits <= 30)) return undefined;
  const mask = (0xffffffff << (32 - bits)) >>> 0;
  const last = ((toNumber(address) & mask) | ~mask) >>> 0;
  return [24, 16, 8, 0].map((shift) => (last >>> shift) & 255).join('.');
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
