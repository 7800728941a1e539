import type { SystemTree } from '../../facts/system-tree.js';

/** A way out of the local network. */
export interface DefaultRoute {
  readonly gateway: string;
  /** Name of the network adapter. */
  readonly adapter: string;
}

/** Default routes that have a gateway, from /proc/net/route and /proc/net/ipv6_route; none where there is no /proc. */
export function defaultRoutes(tree: SystemTree): DefaultRoute[] {
  const lines = (path: string): string[][] =>
    (tree.text(path) ?? '').split('\n').map((line) => line.trim().split(/\s+/));
  const found = [
    ...lines('/proc/net/route').flatMap(([adapter = '', destination, gateway = '', , , , , mask]) => {
      const isDefault = destination === '00000000' && mask === '00000000' && gateway !== '00000000';
      return isDefault && /^[0-9A-Fa-f]{8}$/.test(gateway) ? [{ gateway: ipv4(gateway), adapter }] : [];
    }),
    ...lines('/proc/net/ipv6_route').flatMap(([destination = '', prefix, , , gateway = '', , , , , adapter = '']) => {
      const isDefault = /^0{32}$/.test(destination) && prefix === '00' && !/^0{32}$/.test(gateway);
      return isDefault && /^[0-9A-Fa-f]{32}$/.test(gateway) ? [{ gateway: ipv6(gateway), adapter }] : [];
    }),
  ];
  return found.filter(
    (route, index) => found.findIndex((o) => o.gateway === route.gateway && o.adapter === route.adapter) === index,
  );
}

/** The bytes stand in the order of the processor; those we run on are little-endian. */
function ipv4(hex: string): string {
  return [3, 2, 1, 0].map((byte) => parseInt(hex.slice(byte * 2, byte * 2 + 2), 16)).join('.');
}

/** As people write it: the URL parser shortens it by the rules. */
function ipv6(hex: string): string {
  const groups = hex.match(/.{4}/g)?.join(':') ?? '';
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
}
