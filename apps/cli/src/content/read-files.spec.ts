import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noPriorVersion } from './prior-version.js';
import { findFiles } from './find-files.js';
import { readFiles } from './read-files.js';

describe('files on the way into a version', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'muster-read-files-'));
    writeFileSync(join(root, 'a'), 'first');
    utimesSync(join(root, 'a'), 1, 1);
    writeFileSync(join(root, 'b'), Buffer.alloc(5_000_000, 'second'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it.each<[string, () => void]>([
    ['grew', () => appendFileSync(join(root, 'a'), '!')],
    ['was written anew with the same size', () => writeFileSync(join(root, 'a'), 'other')],
    [
      'became a link',
      () => {
        renameSync(join(root, 'a'), join(root, 'elsewhere'));
        symlinkSync(join(root, 'elsewhere'), join(root, 'a'));
      },
    ],
    ['is gone', () => rmSync(join(root, 'a'))],
  ])('are refused when one of them %s after it was found', async (_what, change) => {
    const { files } = findFiles(root);
    change();
    await expect(readFiles(files, noPriorVersion, () => undefined)).rejects.toMatchObject({
      code: 'content.changed',
      message: expect.stringContaining(join(root, 'a')),
    });
  });

  it.each<[string, (path: string) => void]>([
    ['longer', (path) => appendFileSync(path, 'more')],
    ['shorter', (path) => truncateSync(path, 4_500_000)],
  ])('are refused when a large one becomes %s while it is read', async (_what, change) => {
    const { files } = findFiles(join(root, 'b'));
    let begun = false;
    const reading = readFiles(files, noPriorVersion, () => {
      if (!begun) change(join(root, 'b'));
      begun = true;
    });
    await expect(reading).rejects.toMatchObject({ code: 'content.changed' });
  });

  it('are plain ones: a socket in the folder, and a device by itself, are named and not opened', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(join(root, 'socket'), listening));
    try {
      expect(() => findFiles(root)).toThrow(
        expect.objectContaining({ code: 'content.special-file', message: expect.stringContaining('socket') }),
      );
    } finally {
      await new Promise((closed) => server.close(closed));
    }
    expect(() => findFiles('/dev/zero')).toThrow(expect.objectContaining({ code: 'content.special-file' }));
  });

  it('have their holes read as zeros: a sparse file of 256 MiB costs the store next to nothing', async () => {
    const path = join(root, 'sparse');
    writeFileSync(path, 'begin');
    truncateSync(path, 256 * 1024 * 1024);
    appendFileSync(path, 'end');
    const { files, blobs } = await readFiles(findFiles(path).files, noPriorVersion, () => undefined);
    expect(files[0]).toMatchObject({ path: 'sparse', size: 256 * 1024 * 1024 + 3 });
    expect([...blobs.values()].reduce((sum, { size }) => sum + size, 0)).toBeLessThan(3_000_000);
  });
});
