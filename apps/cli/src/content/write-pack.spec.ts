import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPack } from '@muster/contracts/agent/pack.js';
import { noPriorVersion } from './prior-version.js';
import { openUnchanged, readFiles } from './read-files.js';
import { localFile } from './walk-folder.js';
import { type WrittenPack, writePack } from './write-pack.js';

describe('a pack of a folder', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'muster-write-pack-'));
    mkdirSync(join(root, 'B/deep'), { recursive: true });
    writeFileSync(join(root, 'B/deep/tool'), '#!/bin/sh');
    chmodSync(join(root, 'B/deep/tool'), 0o755);
    writeFileSync(join(root, 'a'), '');
    writeFileSync(join(root, 'c'), 'c');
    writeFileSync(join(root, 'large'), 'is said to be large');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const large = () => localFile({ source: join(root, 'large'), path: 'large', stats: statSync(join(root, 'large')) });
  const write = (count = 3) => writePack({ root, count, bytes: 10 }, [large()], () => undefined);
  const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('muster-pack-'));

  async function filesOf({ file }: WrittenPack): Promise<[string, boolean, string][]> {
    const files: [string, boolean, string][] = [];
    const handle = await openUnchanged(file);
    try {
      for await (const { path, executable, content } of readPack(handle.createReadStream({ autoClose: false })))
        files.push([path, executable, content.toString()]);
    } finally {
      await handle.close();
    }
    return files;
  }

  it('has its small files in the order of their names without case, and no name that could stay behind', async () => {
    const before = leftovers();
    const pack = await write();
    expect(leftovers()).toEqual(before);
    expect(await filesOf(pack)).toEqual([
      ['a', false, ''],
      ['B/deep/tool', true, '#!/bin/sh'],
      ['c', false, 'c'],
    ]);
    const { files, blobs } = await readFiles([pack.file], noPriorVersion, () => undefined);
    expect(files).toMatchObject([{ path: 'muster-pack', pack: { files: 3 } }]);
    expect([...blobs.keys()]).toEqual([files[0]?.digest]);
    await pack.remove();
    const again = await write();
    expect((await readFiles([again.file], noPriorVersion, () => undefined)).files).toEqual(files);
    await again.remove();
  });

  it('is not made of a folder in which files come, go or grow meanwhile, or whose names collide', async () => {
    await expect(write(4)).rejects.toMatchObject({ code: 'content.changed' });
    writeFileSync(join(root, 'C'), '');
    await expect(write(4)).rejects.toMatchObject({
      code: 'content.invalid-path',
      message: expect.stringContaining('it collides with "C"'),
    });
    rmSync(join(root, 'C'));
    writeFileSync(join(root, 'c'), readFileSync('/proc/self/exe').subarray(0, 5_000_000));
    await expect(write()).rejects.toMatchObject({ code: 'content.changed' });
  });
});
