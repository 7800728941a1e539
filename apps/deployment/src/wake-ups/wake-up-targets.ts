import { isIPv4 } from 'node:net';
import { broadcastOf, MAC_PATTERN } from '@muster/contracts/agent/wake-up.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';

/** One packet of the site: to whom it speaks, and where it goes. */
export interface DirectedPacket {
  readonly mac: string;
  readonly address: string;
}

/** `broadcast`: to the broadcast address of the subnet, which wakes what has slept too long to be in any table; `unicast`: to the last address. */
export type WakeUpMode = 'broadcast' | 'unicast';

/**
 * The packets that may wake a computer: for each card with a MAC one to each of its last IPv4 addresses or to the broadcast address of
 * its subnet. What is not an address of a computer in a network gets nothing, whatever a device tells of itself.
 */
export function packetsFor(network: NonNullable<Facts['network']>, mode: WakeUpMode): DirectedPacket[] {
  return network.flatMap(({ mac, addresses, subnets = [] }) => {
    if (mac === undefined || !MAC_PATTERN.test(mac)) return [];
    const own = addresses.filter(isComputer);
    const targets = own.map((address) => {
      const subnet = mode === 'broadcast' ? subnets.find((one) => contains(one, address)) : undefined;
      return (subnet === undefined ? undefined : broadcastOf(subnet)) ?? address;
    });
    return [...new Set(targets)].map((address) => ({ mac, address }));
  });
}

/** Neither loopback, link-local, multicast nor reserved. */
function isComputer(address: string): boolean {
  if (!isIPv4(address)) return false;
  const [first = 0, second] = address.split('.').map(Number);
  return first !== 0 && first !== 127 && first < 224 && !(first === 169 && second === 254);
}

function contains(subnet: string, address: string): boolean {
  const { network, mask } = parse(subnet);
  return mask !== 0 && (toNumber(address) & mask) >>> 0 === network;
}

/** `10.1.2.0/24`; a mask of 0: it is no subnet with a broadcast address. */
function parse(subnet: string): { network: number; mask: number } {
  const [address = '', length] = subnet.split('/');
  const bits = Number(length);
  if (!isIPv4(address) || !(bits >= 8 && bits <= 30)) return { network: 0, mask: 0 };
  const mask = (0xffffffff << (32 - bits)) >>> 0;
  return { network: (toNumber(address) & mask) >>> 0, mask };
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
