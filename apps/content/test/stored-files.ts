import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '@muster/contracts/digest.js';
import { type ContentUnderTest, digestOf } from './content-under-test.js';

/** The paths on the disks of the stores of every file with these bytes: one for each place that has them, that of the library first. */
export async function storedFiles(content: ContentUnderTest): Promise<Map<Digest, string[]>> {
  const found = new Map<Digest, string[]>();
  for (const folder of content.storeFolders()) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      // A file may be replaced between the listing and the reading.
      const bytes = await readFile(path).catch(() => undefined);
      if (bytes === undefined) continue;
      const digest = digestOf(bytes);
      found.set(digest, [...(found.get(digest) ?? []), path]);
    }
  }
  return found;
}
