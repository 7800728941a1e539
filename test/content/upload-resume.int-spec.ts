import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import { freePort } from '@muster/testing/free-port.js';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest, ended } from '../../apps/content/test/content-under-test.js';

const MIB = 1024 * 1024;

describe('an upload that is broken off', () => {
  let content: ContentUnderTest;
  let folder: string;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    folder = mkdtempSync(join(tmpdir(), 'muster-upload-'));
    for (let file = 0; file < 6; file += 1) writeFileSync(join(folder, `image-${file}`), randomBytes(16 * MIB));
    for (let file = 0; file < 200; file += 1) writeFileSync(join(folder, `small-${file}`), randomBytes(5_000));
  });

  afterAll(async () => {
    await content?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function upload(name: string, server = new URL(content.url).origin): { child: ChildProcess; output: () => string } {
    const child = fork(
      join(import.meta.dirname, '../../dist/apps/cli/src/main.js'),
      ['content', 'upload', name, folder],
      {
        env: {
          PATH: process.env['PATH'],
          MUSTER_SERVER: server,
          MUSTER_TOKEN: content.token,
          MUSTER_CONFIG: '/nonexistent',
        },
        execArgv: [],
        silent: true,
      },
    );
    let output = '';
    child.stdout?.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr?.on('data', (part: Buffer) => (output += part.toString()));
    return { child, output: () => output };
  }

  /** Bytes in the library's folder, whether they count already or not. */
  function storedBytes(): number {
    const [store = ''] = content.storeFolders();
    let bytes = 0;
    for (const entry of readdirSync(store, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
    return bytes;
  }

  async function status(name: string): Promise<PackageStatus> {
    return (await content.ask<{ status: PackageStatus }>('GET', `/packages/${name}`)).body.status;
  }

  it('by kill -9 of the command goes on where it was, and shows nothing before', async () => {
    await content.apply('Package', 'packages', 'killed', {});
    const before = storedBytes();
    const { child } = upload('killed');
    await until(() => storedBytes() - before > 64 * MIB);
    await ended(child, 'SIGKILL');
    expect(await status('killed')).toMatchObject({ versions: [{ version: 1, state: 'uploading' }] });
    expect((await status('killed')).newestVersion).toBeUndefined();
    const again = upload('killed');
    const exit = await new Promise((resolve) => again.child.once('exit', resolve));
    expect([exit, again.output()]).toEqual([0, expect.stringContaining('version 1: 206 files, 97.0 MiB')]);
    const [, sent = ''] = /sent \d+ files, ([\d.]+) MiB/.exec(again.output()) ?? [];
    // Of what the first one sent, only the files that were under way are sent again.
    expect(Number(sent)).toBeGreaterThan(10);
    expect(Number(sent)).toBeLessThan(85);
    expect((await status('killed')).newestVersion).toBe(1);
  });

  it('by kill -9 of the content service goes on by itself when that is there again', async () => {
    await content.apply('Package', 'packages', 'orphan', {});
    for (let file = 0; file < 6; file += 1) writeFileSync(join(folder, `image-${file}`), randomBytes(16 * MIB));
    const port = String(await freePort());
    const replica = await content.startReplica({ MUSTER_HTTP_PORT: port });
    const before = storedBytes();
    const { child, output } = upload('orphan', `http://127.0.0.1:${port}`);
    await until(() => storedBytes() - before > 30 * MIB);
    await ended(replica, 'SIGKILL');
    const second = await content.startReplica({ MUSTER_HTTP_PORT: port });
    const exit = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)));
    expect([exit, output()]).toEqual([0, expect.stringContaining('package/orphan version 1: 206 files')]);
    expect((await status('orphan')).newestVersion).toBe(1);
    await ended(second, 'SIGTERM');
  });
});
