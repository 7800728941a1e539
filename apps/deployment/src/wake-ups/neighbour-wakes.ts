import { MAC_PATTERN, MOST_WAKE_UP_PACKETS, broadcastOf, type WakeUpPacket } from '@muster/contracts/agent/wake-up.js';
import type { NeighbourWake } from '@muster/contracts/requests/wake-neighbours.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';

/** A card that sleeps in a subnet, as its device last told. */
export interface SleepingCard {
  readonly mac: string;
  /** `10.1.2.0/24`, with a broadcast address. */
  readonly subnet: string;
}

/** The cards of a device by the subnets in which somebody could send to them. Pure. */
export function sleepingCards(network: NonNullable<Facts['network']>): SleepingCard[] {
  return network.flatMap(({ mac, subnets = [] }) => {
    if (mac === undefined || !MAC_PATTERN.test(mac)) return [];
    return [...new Set(subnets)]
      .filter((subnet) => broadcastOf(subnet) !== undefined)
      .map((subnet) => ({ mac, subnet }));
  });
}

/**
 * What is asked of whom: the packets of each subnet of its devices that are awake, as many in one question as an agent takes. Pure.
 *
 * @param awake devices by subnet
 */
export function neighbourWakes(
  cards: readonly SleepingCard[],
  awake: ReadonlyMap<string, readonly string[]>,
  port: number,
): NeighbourWake[] {
  const bySubnet = Map.groupBy(cards, ({ subnet }) => subnet);
  return [...bySubnet].flatMap(([subnet, asleep]) => {
    const devices = awake.get(subnet) ?? [];
    const address = broadcastOf(subnet);
    if (devices.length === 0 || address === undefined) return [];
    const packets = [...new Set(asleep.map(({ mac }) => mac))].map((mac): WakeUpPacket => ({ mac, address, port }));
    return Array.from({ length: Math.ceil(packets.length / MOST_WAKE_UP_PACKETS) }, (_, index) => ({
      devices: [...devices],
      packets: packets.slice(index * MOST_WAKE_UP_PACKETS, (index + 1) * MOST_WAKE_UP_PACKETS),
    }));
  });
}
