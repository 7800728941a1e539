import type { Facts, Virtualization } from '@muster/sequence/conditions/facts-schema.js';
import type { SystemTree } from './system-tree.js';

const dmi = '/sys/class/dmi/id';

/** What makers write who had nothing to say. */
const placeholder =
  /^(to be filled.*|default string|not (specified|applicable|available)|n\/?a|none|unknown|system (manufacturer|product name|serial number|version)|o\.?e\.?m\.?|x+|0+|123456789|asset-?1234567890|no asset tag|chassis .*)$/i;

/** The first of these texts that says something, at most 256 characters of it. */
export function saidByMaker(tree: SystemTree, ...paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const found = tree.text(path)?.slice(0, 256);
    if (found !== undefined && !placeholder.test(found)) return found;
  }
  return undefined;
}

/** What a computer looks like, by the number that SMBIOS has for it; those that say nothing about it are not here. */
const chassis: Readonly<Record<string, readonly number[]>> = {
  desktop: [3, 4, 5, 6, 7, 13, 15, 16, 24, 35, 36],
  laptop: [8, 9, 10, 14],
  handheld: [11],
  tablet: [30],
  convertible: [31, 32],
  server: [17, 23, 25, 28, 29],
  embedded: [26, 27, 33, 34],
};

function chassisOf(tree: SystemTree): string | undefined {
  const number = tree.number(`${dmi}/chassis_type`);
  return number === undefined ? undefined : Object.keys(chassis).find((name) => chassis[name]?.includes(number));
}

/** Maker, model and numbers from the firmware's tables, or the device tree. Serial number and uuid only root can read. */
export function machineFacts(tree: SystemTree): Facts['machine'] {
  const from = (...paths: string[]): string | undefined => saidByMaker(tree, ...paths);
  const machine = {
    manufacturer: from(`${dmi}/sys_vendor`, `${dmi}/board_vendor`),
    model: from(`${dmi}/product_name`, '/proc/device-tree/model'),
    serialNumber: from(`${dmi}/product_serial`, '/proc/device-tree/serial-number'),
    uuid: from(`${dmi}/product_uuid`)?.toLowerCase().slice(0, 64),
    assetTag: from(`${dmi}/chassis_asset_tag`),
    chassis: chassisOf(tree),
  };
  return Object.values(machine).some((value) => value !== undefined) ? machine : undefined;
}

/** Makers of virtual machines, as their firmware tables have it. */
const makers: readonly (readonly [RegExp, Virtualization])[] = [
  [/vmware/i, 'vmware'],
  [/innotek|virtualbox/i, 'virtualbox'],
  [/microsoft corporation.*virtual/i, 'hyperv'],
  [/\bxen\b/i, 'xen'],
  [/qemu|bochs/i, 'qemu'],
];

/** What this system runs in. A container says `container`, whatever the computer below it is. */
export function virtualizationOf(tree: SystemTree): Virtualization {
  const first = tree.text('/proc/1/environ') ?? '';
  const inContainer =
    ['/run/systemd/container', '/.dockerenv', '/run/.containerenv'].some((path) => tree.has(path)) ||
    /(^| )container=/.test(first) ||
    /\b(docker|kubepods|containerd|lxc)\b/.test(tree.text('/proc/1/cgroup') ?? '');
  if (inContainer) return 'container';
  const tables = ['sys_vendor', 'product_name', 'bios_vendor', 'board_vendor']
    .map((name) => tree.text(`${dmi}/${name}`) ?? '')
    .join(' ');
  const maker = makers.find(([pattern]) => pattern.test(tables))?.[1];
  const clocks = tree.text('/sys/devices/system/clocksource/clocksource0/available_clocksource') ?? '';
  if (clocks.includes('kvm-clock') && (maker === undefined || maker === 'qemu')) return 'kvm';
  if (maker !== undefined) return maker;
  if (tree.text('/sys/hypervisor/type') === 'xen') return 'xen';
  return /^flags\s*:.*\bhypervisor\b/m.test(tree.text('/proc/cpuinfo') ?? '') ? 'other' : 'none';
}

/** UEFI where the kernel knows its variables; else BIOS, on a PC that is no container (there nothing shows it). */
export function firmwareOf(tree: SystemTree, architecture: string, virtualization: Virtualization): Facts['firmware'] {
  if (tree.has('/sys/firmware/efi')) return 'uefi';
  return /^(x64|ia32)$/.test(architecture) && virtualization !== 'container' ? 'bios' : undefined;
}

/** Mains or battery. A computer without a battery is on mains. */
export function powerOf(tree: SystemTree): NonNullable<Facts['power']> {
  const folder = '/sys/class/power_supply';
  if (!tree.has(folder)) return 'unknown';
  let battery = false;
  let mains = false;
  for (const name of tree.names(folder)) {
    const read = (file: string): string | undefined => tree.text(`${folder}/${name}/${file}`);
    // A battery of a mouse is none of the computer's.
    if (read('scope') === 'Device') continue;
    if (read('type') === 'Battery') battery ||= read('present') !== '0';
    else if (read('online') === '1') return 'ac';
    else mains = true;
  }
  if (!battery) return mains ? 'unknown' : 'ac';
  return 'battery';
}

/** Highest clock of the first processor in MHz. */
export function highestMegahertz(tree: SystemTree): number | undefined {
  const kilohertz = tree.number('/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq');
  return kilohertz === undefined ? undefined : Math.round(kilohertz / 1000);
}

/** The domain of the directory that the computer has joined (sssd); else what follows the first dot of its name. */
export function domainOf(tree: SystemTree, hostname: string): string | undefined {
  const [, joined] = /^\s*domains\s*=\s*([^\s,]+)/m.exec(tree.text('/etc/sssd/sssd.conf') ?? '') ?? [];
  if (joined !== undefined) return joined.toLowerCase();
  const dot = hostname.indexOf('.');
  return dot > 0 && dot < hostname.length - 1 ? hostname.slice(dot + 1).toLowerCase() : undefined;
}
