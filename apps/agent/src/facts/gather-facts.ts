import { type NetworkInterfaceInfo, cpus, hostname, networkInterfaces, release, totalmem } from 'node:os';
import { type Facts, factsSchema } from '@muster/sequence/conditions/facts-schema.js';
import { AGENT_VERSION } from '../config.js';
import { customFacts } from './custom-facts.js';
import { lastBootOf } from './last-boot.js';
import { lastUserOf } from './last-user.js';
import { lentAddresses } from './lent-addresses.js';
import { biosFacts, secureBootOf, tpmFact } from './linux-firmware.js';
import { domainOf, firmwareOf, highestMegahertz, machineFacts, powerOf, virtualizationOf } from './linux-machine.js';
import { diskFacts, filesystemFacts, partitionFacts } from './linux-storage.js';
import { architectureName, osIdentity } from './os-identity.js';
import { isOnInternet, parseIntranet } from './own-networks.js';
import { hasWriteFilter } from './write-filter.js';
import { systemLanguage } from './system-language.js';
import { knownTimeZone } from './time-zone.js';
import { SystemTree } from './system-tree.js';
import { type System, thisSystem } from './system.js';

/**
 * The facts of this computer as they are now. Linux tells them in /proc and /sys; of other systems we know what Node knows.
 * Never throws: what cannot be found out is absent.
 */
export async function gatherFacts(system: System = thisSystem, tree = new SystemTree()): Promise<Facts> {
  const name = hostname();
  const facts: Facts = {
    os: osFacts(system, tree),
    hostname: name,
    timeZone: knownTimeZone(),
    memoryMegabytes: Math.round(totalmem() / 1024 / 1024),
    cpu: cpuFacts(system.platform === 'linux' ? highestMegahertz(tree) : undefined),
    ...(system.platform === 'linux' ? {} : { network: networkFacts(networkInterfaces(), undefined) }),
    onInternet: onInternetOf(system.environment['MUSTER_AGENT_INTRANET']),
    ...customFacts(tree, system.environment['MUSTER_AGENT_FACTS']),
    agent: { version: AGENT_VERSION },
    ...(system.platform === 'linux' ? await linuxFacts(system, tree, name) : { domain: domainOf(tree, name) }),
  };
  return fitting(facts);
}

async function linuxFacts(system: System, tree: SystemTree, name: string): Promise<Facts> {
  const virtualization = virtualizationOf(tree);
  return {
    domain: domainOf(tree, name),
    firmware: firmwareOf(tree, system.architecture, virtualization),
    bios: biosFacts(tree),
    secureBoot: secureBootOf(tree),
    tpm: tpmFact(tree),
    virtualization,
    machine: machineFacts(tree),
    disks: diskFacts(tree),
    partitions: partitionFacts(tree),
    filesystems: await filesystemFacts(tree),
    network: networkFacts(networkInterfaces(), tree, await lentAddresses(system, tree)),
    lastUser: tellsUsers(system) ? lastUserOf(tree, system.architecture, sessionsFolderOf(system)) : undefined,
    power: powerOf(tree),
    writeFilter: writeFilterOf(system.environment['MUSTER_AGENT_WRITE_FILTER'], tree),
  };
}

/** Only where somebody said which networks are the organisation's. */
function onInternetOf(intranet: string | undefined): boolean | undefined {
  if (intranet === undefined) return undefined;
  try {
    return isOnInternet(parseIntranet(intranet), networkInterfaces());
  } catch {
    // The daemon does not start with it; a command that only gathers facts does.
    return undefined;
  }
}

/** Who logs on is nobody's business where the owner of the computer says so. */
function tellsUsers({ environment }: System): boolean {
  return environment['MUSTER_AGENT_LAST_USER'] !== 'no';
}

function sessionsFolderOf({ environment }: System): string | undefined {
  return environment['MUSTER_AGENT_SESSIONS'];
}

function writeFilterOf(setting: string | undefined, tree: SystemTree): boolean | undefined {
  return setting === 'yes' || (setting === 'no' ? false : hasWriteFilter(tree));
}

function osFacts(system: System, tree: SystemTree): Facts['os'] {
  const { id, name, version, versionId, family } = osIdentity(system, release);
  const language = system.platform === 'linux' ? systemLanguage(system) : undefined;
  const architecture = architectureName(system.architecture);
  const lastBootAt = system.platform === 'linux' ? lastBootOf(tree) : undefined;
  return { id, name, version, versionId, family, kernel: release(), architecture, language, lastBootAt };
}

function cpuFacts(highest: number | undefined): Facts['cpu'] {
  const all = cpus();
  const model = all[0]?.model.trim();
  const megahertz = highest ?? all[0]?.speed;
  return { model: model === 'unknown' ? undefined : model, cores: all.length, megahertz: megahertz || undefined };
}

/** Interfaces with their addresses, without loopback; on Linux also cards that have no address. */
export function networkFacts(
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>,
  tree: SystemTree | undefined,
  lent: ReadonlyMap<string, boolean> = new Map(),
): NonNullable<Facts['network']> {
  const cards = tree?.names('/sys/class/net').filter((name) => tree.has(`/sys/class/net/${name}/device`)) ?? [];
  const names = new Set([...Object.keys(interfaces), ...cards]);
  return [...names].sort().flatMap((name) => {
    const known = interfaces[name] ?? [];
    if (known.some((one) => one.internal)) return [];
    const mac = (known[0]?.mac ?? tree?.text(`/sys/class/net/${name}/address`))?.toLowerCase();
    const addresses = known.map((one) => one.address).slice(0, 64);
    const dhcp = lent.get(name);
    const subnets = [...new Set(known.flatMap(subnetOf))].slice(0, 64);
    return [
      {
        name,
        ...(mac === undefined || /^[0:]*$/.test(mac) ? {} : { mac }),
        addresses,
        ...(subnets.length === 0 ? {} : { subnets }),
        ...(dhcp === undefined ? {} : { dhcp }),
      },
    ];
  });
}

/** The network of an IPv4 address, `10.1.2.0/24`; none where its length is not known. */
function subnetOf({ family, address, netmask, cidr }: NetworkInterfaceInfo): string[] {
  const length = cidr?.split('/')[1];
  if (family !== 'IPv4' || length === undefined) return [];
  const mask = netmask.split('.').map(Number);
  const network = address.split('.').map((part, index) => Number(part) & (mask[index] ?? 0));
  return [`${network.join('.')}/${length}`];
}

/** Leaves out what does not fit the schema: a fact of a strange computer must not take all others with it. */
export function fitting(facts: Facts): Facts {
  const left = structuredClone(facts) as Record<string, unknown>;
  for (let tries = 0; tries < 20; tries++) {
    const parsed = factsSchema.safeParse(left);
    if (parsed.success) return withoutGaps(parsed.data);
    // Each element once, the last first: what is removed moves those behind it.
    const places = new Map(parsed.error.issues.map(({ path }) => [JSON.stringify(path.slice(0, 2)), path]));
    const place = ([, index]: readonly PropertyKey[]): number => (typeof index === 'number' ? index : -1);
    const backwards = [...places.values()].sort((a, b) => place(b) - place(a));
    for (const path of backwards) remove(left, path);
  }
  return {};
}

function remove(root: Record<string, unknown>, [first, second, ...rest]: readonly PropertyKey[]): void {
  const value = root[String(first)];
  if (Array.isArray(value)) {
    root[String(first)] = typeof second === 'number' ? value.filter((_, index) => index !== second) : undefined;
  } else if (second !== undefined && rest.length === 0 && typeof value === 'object' && value !== null) {
    (value as Record<PropertyKey, unknown>)[second] = undefined;
  } else root[String(first)] = undefined;
}

/** Absent means absent: no keys with undefined. */
function withoutGaps(facts: Facts): Facts {
  return JSON.parse(JSON.stringify(facts)) as Facts;
}
