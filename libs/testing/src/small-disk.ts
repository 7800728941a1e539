import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const fillerName = 'filler';

/** A disk of its own, in memory, that really fills. Needs the right to mount (root): see {@link mayMount}. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** Mounts one in a new folder. @param bytes rounded up to whole pages by the system */
  static mount(bytes: number): SmallDisk {
    const folder = mkdtempSync(join(tmpdir(), 'muster-disk-'));
    const { status, stderr } = mount('-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder);
    if (status === 0) return new SmallDisk(folder);
    rmSync(folder, { recursive: true });
    throw new Error(`no disk can be mounted: ${stderr}`);
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  /** Leaves so many bytes free, whatever was left by the call before; fewer where somebody else writes at the same moment. */
  fill(leftBytes = 0): void {
    this.free();
    try {
      writeFileSync(join(this.folder, fillerName), Buffer.alloc(Math.max(0, this.freeBytes - leftBytes)));
    } catch (error) {
      // What was free when it was measured is somebody's now: the disk is full, which is what was wanted of it, or more than that.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  /** Takes away what `fill` put there. */
  free(): void {
    rmSync(join(this.folder, fillerName), { force: true });
  }

  /** Mounts it again with other options, such as `ro`. */
  remount(options: string): void {
    const { status, stderr } = mount('-o', `remount,${options}`, this.folder);
    if (status !== 0) throw new Error(`remount,${options}: ${stderr}`);
  }

  /** Nobody may have a file open on it. */
  unmount(): void {
    const { status, stderr } = spawnSync('umount', [this.folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`umount: ${stderr}`);
    rmSync(this.folder, { recursive: true });
  }
}

function mount(...argv: string[]): { status: number | null; stderr: string } {
  const { status, stderr, error } = spawnSync('mount', argv, { encoding: 'utf8' });
  return { status, stderr: error ? error.message : stderr };
}

/** Whether this process may mount disks. Where it may not, that is said aloud: a fault that nobody tried is not one that was met. */
export function mayMount(): boolean {
  try {
    SmallDisk.mount(4096).unmount();
    return true;
  } catch (error) {
    process.stderr.write(
      `SKIPPED: the faults of a disk need the right to mount one (root): ${(error as Error).message}\n`,
    );
    return false;
  }
}
