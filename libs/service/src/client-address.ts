import { BlockList, isIP } from 'node:net';
import { plainAddress } from '@muster/contracts/address-range.js';

/** The proxies whose word for a client's address counts. */
export function trustedProxies(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix = ''] = range.split('/');
    list.addSubnet(network, Number(prefix), isIP(network) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/**
 * The address of the device that asks: that of the connection; where that is a trusted proxy, the one that the proxy
 * names, read from the right until somebody is not trusted. What anybody else writes into `X-Forwarded-For` counts for
 * nothing. Pure.
 *
 * @param forwarded the header `X-Forwarded-For`, with all its occurrences joined by commas
 */
export function clientAddress(connection: string, forwarded: string | undefined, trusted: BlockList): string {
  const hops = (forwarded ?? '').split(',').map((hop) => plainAddress(hop.trim()));
  let address = plainAddress(connection);
  while (isTrusted(address, trusted)) {
    const next = hops.pop();
    if (next === undefined || isIP(next) === 0) break;
    address = next;
  }
  return address;
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = isIP(address);
  return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
