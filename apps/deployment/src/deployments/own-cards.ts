import type { networkInterfaces } from 'node:os';
import { hardwareOfFacts } from '@muster/contracts/kinds/hardware-identity.js';

/** Ids of the network cards of this computer, as devices tell theirs; in a container they are the container's own. Pure. */
export function ownCards(interfaces: ReturnType<typeof networkInterfaces>): string[] {
  const network = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ internal, mac }) => (internal ? [] : [{ name, mac: mac.toLowerCase(), addresses: [] }])),
  );
  return hardwareOfFacts({ network });
}
