import { z } from 'zod';
import type { SystemTree } from './system-tree.js';
import type { System } from './system.js';

/** What `ip -json -4 address show` says, as far as it is read. */
const linksSchema = z.array(
  z.object({
    ifname: z.string().optional(),
    ifindex: z.int().optional(),
    addr_info: z.array(z.object({ local: z.string().optional(), dynamic: z.boolean().optional() })).default([]),
  }),
);

/**
 * Which network cards have an IPv4 address that is lent to them, by DHCP: the kernel counts down how long it is valid, or systemd-networkd
 * has a lease. Cards without an IPv4 address are not in the answer, and nothing is where there is no `ip` that speaks JSON.
 */
export async function lentAddresses(system: System, tree: SystemTree): Promise<ReadonlyMap<string, boolean>> {
  const leases = new Set(tree.names('/run/systemd/netif/leases'));
  const links = await addresses(system);
  return new Map(
    links.flatMap(({ ifname, ifindex, addr_info: all }) => {
      const own = all.filter(({ local }) => local !== undefined);
      if (ifname === undefined || own.length === 0) return [];
      return [[ifname, own.some(({ dynamic }) => dynamic) || leases.has(String(ifindex))] as const];
    }),
  );
}

async function addresses(system: System): Promise<z.infer<typeof linksSchema>> {
  try {
    const output = await system.run('ip', ['-json', '-4', 'address', 'show']);
    return output?.exitCode === 0 ? linksSchema.parse(JSON.parse(output.standardOutput)) : [];
  } catch {
    // An ip without JSON, or one that says something else: nobody can tell.
    return [];
  }
}
