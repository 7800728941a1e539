import { cephRgw } from './ceph-rgw.js';
import { musterStore, musterStoreOfProcesses } from './muster-store.js';
import { swiftS3api } from './swift-s3api.js';
import type { PackagedProgram } from './debian-packages.js';
import type { TestedStore } from './tested-store.js';

const ALL: readonly TestedStore[] = [musterStore, musterStoreOfProcesses, cephRgw, swiftS3api];
/** What every run of the tests is held to; others are named by a developer. */
const ALWAYS = ['muster', 'muster-processes', 'ceph'];

/** Clients that none of us wrote: with these, too, the suite speaks to every store. */
export const FOREIGN_CLIENTS: readonly PackagedProgram[] = [{ program: 'rclone', package: 'rclone' }];

/**
 * The stores of a run: those that MUSTER_TEST_STORES names, else the ones of continuous integration.
 *
 * @throws Error for a name that is none: nothing is left out in silence
 */
export function testedStores(names: string | undefined): TestedStore[] {
  const wanted = names?.split(/[\s,]+/).filter((name) => name !== '') ?? ALWAYS;
  return wanted.map((name) => {
    const found = ALL.find((store) => store.name === name);
    if (!found)
      throw new Error(`there is no store "${name}" to test; there are ${ALL.map((one) => one.name).join(', ')}`);
    return found;
  });
}
