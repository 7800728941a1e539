import { z } from 'zod';

const WHAT_IS_RIGHT = 'a range is an address, "/" and the number of leading bits: 10.1.0.0/16 or 2001:db8::/48';

/** A range of addresses in CIDR notation: an address, "/" and the number of its leading bits that count. */
export const addressRangeSchema = z.union([z.cidrv4(WHAT_IS_RIGHT), z.cidrv6(WHAT_IS_RIGHT)], WHAT_IS_RIGHT);

/** An address without a zone, and as IPv4 when it is one in IPv6 clothes (`::ffff:10.0.0.1`). Pure. */
export function plainAddress(address: string): string {
  const bare = address.split('%')[0]!;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
}
