import { BlockList, isIP } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { addressRangeSchema, plainAddress } from '@muster/contracts/address-range.js';

/** No network is the organisation's: the computer is always on the Internet. */
const NONE = 'none';

/**
 * Reads the networks of the organisation, `10.0.0.0/8,2001:db8::/32` or `none`.
 * @throws Error that names the first part that is no network
 */
export function parseIntranet(text: string): BlockList {
  const networks = new BlockList();
  if (text.trim() === NONE) return networks;
  for (const part of text.split(',').map((one) => one.trim())) {
    const range = addressRangeSchema.safeParse(part);
    if (!range.success) throw new Error(`"${part}": ${range.error.issues[0]?.message}; or none alone`);
    const [address = '', bits] = range.data.split('/');
    networks.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return networks;
}

/** Has this computer no address in a network of its organisation? Without any network at all it is where it was: not on the Internet. */
export function isOnInternet(intranet: BlockList, interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): boolean {
  const addresses = Object.values(interfaces)
    .flatMap((one) => one ?? [])
    .filter(({ internal, address }) => !internal && !/^(?:169\.254\.|fe80:)/i.test(address))
    .map(({ address }) => plainAddress(address));
  const inside = addresses.some((address) => intranet.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6'));
  return addresses.length > 0 && !inside;
}
