import { statfs } from 'node:fs/promises';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import type { SystemTree } from './system-tree.js';

const megabyte = 1024 * 1024;
const sectorBytes = 512;

/** Real disks: no partitions, loops, memory disks, mapped or optical devices. Sizes are in MiB. */
export function diskFacts(tree: SystemTree): NonNullable<Facts['disks']> {
  return tree.names('/sys/block').flatMap((name) => {
    const folder = `/sys/block/${name}`;
    const sectors = tree.number(`${folder}/size`) ?? 0;
    if (!tree.has(`${folder}/device`) || /^(sr|fd|mtd)/.test(name) || sectors === 0) return [];
    const rotational = tree.number(`${folder}/queue/rotational`);
    const sizeMegabytes = Math.floor((sectors * sectorBytes) / megabyte);
    return [{ name, sizeMegabytes, ...(rotational === undefined ? {} : { rotational: rotational === 1 }) }];
  });
}

/** Partitions of the real disks. Sizes are in MiB. */
export function partitionFacts(tree: SystemTree): NonNullable<Facts['partitions']> {
  return diskFacts(tree).flatMap(({ name: disk }) =>
    tree.names(`/sys/block/${disk}`).flatMap((name) => {
      const folder = `/sys/block/${disk}/${name}`;
      const sectors = tree.number(`${folder}/size`);
      if (!tree.has(`${folder}/partition`) || sectors === undefined) return [];
      return [{ name, disk, sizeMegabytes: Math.floor((sectors * sectorBytes) / megabyte) }];
    }),
  );
}

/** One mounted file system on a disk of this computer. */
export interface Mount {
  readonly mount: string;
  readonly type: string;
  /** `/dev/sda1`; undefined where it has none of its own. */
  readonly device: string | undefined;
}

const readOnlyImages = new Set(['squashfs', 'iso9660', 'udf', 'erofs', 'cramfs']);
/** Without a block device of their own, and on disk all the same. */
const alsoOnDisk = new Set(['btrfs', 'zfs', 'overlay']);

/**
 * Mounts of file systems on disks, from /proc/self/mounts and /proc/filesystems. Network file systems are left out: asking one
 * that is away would hang.
 */
export function localMounts(mounts: string, filesystems: string): Mount[] {
  const onDisk = new Set(filesystems.split('\n').flatMap((line) => (/^\s+\S/.test(line) ? [line.trim()] : [])));
  const found = new Map<string, Mount>();
  for (const line of mounts.split('\n')) {
    const [source = '', mount = '', type = ''] = line.split(' ');
    const plain = unescaped(mount);
    // What is mounted over something hides it.
    found.delete(plain);
    if (mount === '' || readOnlyImages.has(type) || !(onDisk.has(type) || alsoOnDisk.has(type))) continue;
    // The layers of containers are no file systems of this computer; the root of one is its own.
    if (type === 'overlay' && plain !== '/') continue;
    found.set(plain, { mount: plain, type, device: source.startsWith('/dev/') ? unescaped(source) : undefined });
  }
  return [...found.values()];
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** Sizes of the local file systems in MiB; free is what everybody may use. */
export async function filesystemFacts(tree: SystemTree): Promise<NonNullable<Facts['filesystems']>> {
  const mounts = localMounts(tree.text('/proc/self/mounts') ?? '', `\n ${tree.text('/proc/filesystems') ?? ''}`);
  const facts: NonNullable<Facts['filesystems']> = [];
  for (const { mount, type, device } of mounts.slice(0, 256)) {
    try {
      const { blocks, bavail, bsize } = await statfs(mount);
      const inMegabytes = (count: number): number => Math.floor((count * bsize) / megabyte);
      facts.push({
        mount,
        type,
        ...(device === undefined ? {} : { device }),
        sizeMegabytes: inMegabytes(blocks),
        freeMegabytes: inMegabytes(bavail),
      });
    } catch {
      // Gone in the meantime, or nobody may look: no fact.
    }
  }
  return facts;
}
