import { statfs } from 'node:fs/promises';
import { type NetworkInterfaceInfo, networkInterfaces, version } from 'node:os';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import type { Phase } from '@muster/sequence/model.js';
import type { Found, ReadinessFacts } from '@muster/sequence/steps/check-readiness/judge-readiness.js';
import { gatherFacts } from '../../facts/gather-facts.js';
import { firstTpm } from '../../facts/linux-firmware.js';
import { parseOsRelease } from '../../facts/os-release.js';
import { SystemTree } from '../../facts/system-tree.js';
import { type System, thisSystem } from '../../facts/system.js';
import { reasonOf } from '../../journal/journal-error.js';
import { defaultRoutes } from '../set-dynamic-variables/default-gateways.js';

const megabyte = 1024 * 1024;

/** Looks at this computer for Check Readiness. Never throws: what cannot be found out says why. */
export async function gatherReadiness(
  phase: Phase,
  system: System = thisSystem,
  tree = new SystemTree(),
): Promise<ReadinessFacts> {
  const facts = await gatherFacts(system, tree);
  const { os, cpu, power, firmware, agent } = facts;
  return {
    memoryMegabytes: known(facts.memoryMegabytes, 'the system does not say it'),
    processorMegahertz: known(cpu?.megahertz, 'the system does not say it'),
    freeDiskMegabytes: phase === 'PE' ? freeOnAnyDisk(facts, tree) : await freeOnSystem(),
    operatingSystemType: operatingSystemType(system, tree),
    architecture: known(system.architecture, 'the system does not say it'),
    osVersion: known(os?.versionId, 'os-release has no VERSION_ID'),
    clientVersion: known(agent?.version, 'the agent does not say it'),
    osLanguage: known(os?.language, 'no locale is set, or C'),
    acPower: power === 'unknown' || power === undefined ? unknown('the system does not say it') : value(power === 'ac'),
    network: value(connectedAdapters(networkInterfaces(), tree)),
    firmware: known(firmware, 'neither UEFI nor BIOS can be seen from here'),
    tpm: system.platform === 'linux' ? value(firstTpm(tree)) : unknown('this agent looks for a TPM on Linux only'),
  };
}

/** What a step may use of the disk, in MiB: that of the running system, or the largest in the preinstallation environment. */
export async function freeDisk(phase: Phase): Promise<Found<number>> {
  if (phase !== 'PE') return freeOnSystem();
  const tree = new SystemTree();
  return freeOnAnyDisk(await gatherFacts(thisSystem, tree), tree);
}

function value<T>(found: T): Found<T> {
  return { value: found };
}

function unknown(why: string): { readonly unknown: string } {
  return { unknown: why };
}

function known<T>(found: T | undefined, why: string): Found<T> {
  return found === undefined ? unknown(why) : value(found);
}

/** What everybody may use on the file system of the running system. */
async function freeOnSystem(): Promise<Found<number>> {
  const root = process.platform === 'win32' ? (process.env['SystemDrive'] ?? 'C:') + '\\' : '/';
  try {
    const { bavail, bsize } = await statfs(root);
    return value(Math.floor((bavail * bsize) / megabyte));
  } catch (error) {
    return unknown(reasonOf(error));
  }
}

/** In the preinstallation environment: the most that one file system or one disk without partitions has to give. */
export function freeOnAnyDisk({ disks = [], filesystems = [] }: Facts, tree: SystemTree): Found<number> {
  const mounts = tree.text('/proc/self/mounts') ?? '';
  const empty = disks.filter(({ name }) => {
    if (new RegExp(`^/dev/${name} `, 'm').test(mounts)) return false;
    const folder = `/sys/block/${name}`;
    return !tree.names(folder).some((inner) => tree.has(`${folder}/${inner}/partition`));
  });
  const candidates = [
    ...filesystems.map(({ freeMegabytes }) => freeMegabytes),
    ...empty.map(({ sizeMegabytes }) => sizeMegabytes),
  ];
  return candidates.length === 0 ? unknown('there is no disk') : value(Math.max(...candidates));
}

/**
 * Client or server. Linux knows no such difference: what the distribution says of its variant counts, then a display manager
 * makes a client.
 */
export function operatingSystemType(
  system: Pick<System, 'platform' | 'read'>,
  tree: SystemTree,
): Found<'client' | 'server'> {
  if (system.platform === 'win32') return value(/server/i.test(version()) ? 'server' : 'client');
  if (system.platform === 'darwin') return value('client');
  const release = tree.text('/etc/os-release') ?? tree.text('/usr/lib/os-release');
  const variant = release === undefined ? undefined : parseOsRelease(release)['VARIANT_ID']?.toLowerCase();
  if (variant !== undefined && /server|coreos|cloud/.test(variant)) return value('server');
  if (variant !== undefined && /workstation|desktop|silverblue|kinoite/.test(variant)) return value('client');
  const displayManagers = ['/etc/systemd/system/display-manager.service', '/etc/X11/default-display-manager'];
  return value(displayManagers.some((path) => tree.has(path)) ? 'client' : 'server');
}

/**
 * Adapters that are up and have an address that others can reach. Adapters without hardware (bridges of containers and virtual
 * machines) count only where a default route goes through them, or where no adapter has hardware at all.
 */
export function connectedAdapters(
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>,
  tree: SystemTree,
): { name: string; wireless: boolean }[] {
  const folder = (name: string): string => `/sys/class/net/${name}`;
  const routed = new Set(defaultRoutes(tree).map(({ adapter }) => adapter));
  const hasHardware = (name: string): boolean => tree.has(`${folder(name)}/device`);
  const anyHardware = Object.keys(interfaces).some(hasHardware);
  return Object.entries(interfaces).flatMap(([name, addresses = []]) => {
    const reachable = addresses.some(({ internal, address }) => !internal && !/^(169\.254\.|fe80:)/i.test(address));
    const state = tree.text(`${folder(name)}/operstate`);
    const up = state === undefined || state === 'up' || state === 'unknown';
    if (!reachable || !up || !(hasHardware(name) || routed.has(name) || !anyHardware)) return [];
    return [{ name, wireless: ['wireless', 'phy80211'].some((inner) => tree.has(`${folder(name)}/${inner}`)) }];
  });
}
