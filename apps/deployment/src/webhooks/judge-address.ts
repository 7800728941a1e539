import { BlockList, isIP, isIPv4 } from 'node:net';
import { plainAddress } from '@muster/contracts/address-range.js';

/** What is not the public internet: private, local, link-local (cloud metadata), shared, documentation, multicast, reserved. */
const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  '::/96',
  // Addresses that stand for IPv4 ones, behind a translator: what they lead to cannot be seen from here.
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

const notPublic = toBlockList(NOT_PUBLIC);

/** Networks as something that tells whether an address is in one of them. */
export function toBlockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix = ''] = range.split('/');
    list.addSubnet(network, Number(prefix), isIPv4(network) ? 'ipv4' : 'ipv6');
  }
  return list;
}

/**
 * May events be sent to an address? `allowed`: it is in a network that the site is configured to send to, also without TLS.
 * Pure.
 */
export function judgeAddress(address: string, allowed: BlockList): 'public' | 'allowed' | 'refused' {
  const plain = plainAddress(address);
  if (isIP(plain) === 0) return 'refused';
  const family = isIPv4(plain) ? 'ipv4' : 'ipv6';
  if (allowed.check(plain, family)) return 'allowed';
  return notPublic.check(plain, family) ? 'refused' : 'public';
}

/** The address that a host name of a URL is, when it is one. Pure. */
export function addressOf(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}
