import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemTree } from './system-tree.js';
import { hasWriteFilter } from './write-filter.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'muster-mounts-'));
  mkdirSync(join(root, 'proc'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function judged(mounts: readonly string[], folders: readonly string[] = []): boolean | undefined {
  writeFileSync(join(root, 'proc', 'mounts'), `${mounts.join('\n')}\n`);
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  return hasWriteFilter(new SystemTree(root));
}
const overlay = (upper: string): string => `overlay / overlay rw,lowerdir=/ro,upperdir=${upper},workdir=/w 0 0`;

describe('a write filter', () => {
  it('is an overlay whose upper layer lies in memory, as overlayroot and live systems mount it', () => {
    const overlayroot = ['/dev/sda1 /media/root-ro ext4 ro 0 0', 'tmpfs-root /media/root-rw tmpfs rw 0 0'];
    expect(judged([...overlayroot, overlay('/media/root-rw/overlay')])).toBe(true);
    expect(judged(['tmpfs /run tmpfs rw 0 0', overlay('/run/live/overlay/rw')])).toBe(true);
    expect(judged(['tmpfs / tmpfs rw 0 0'])).toBe(true);
  });

  it('is not there where the root or its upper layer lies on a disk', () => {
    expect(judged(['/dev/sda1 / ext4 rw 0 0'])).toBe(false);
    const onDisk = ['tmpfs /run tmpfs rw 0 0', '/dev/sdb1 /run/rw ext4 rw 0 0', overlay('/run/rw/upper')];
    expect(judged(onDisk, ['run/rw/upper'])).toBe(false);
    expect(judged(['rootfs / rootfs rw 0 0', '/dev/sda1 / ext4 rw 0 0'])).toBe(false);
  });

  it('is not known where the upper layer cannot be seen, as in a container', () => {
    expect(judged([overlay('/var/lib/docker/overlay2/1/diff')])).toBeUndefined();
    expect(judged(['proc /proc proc rw 0 0'])).toBeUndefined();
  });
});
