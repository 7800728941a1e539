import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { PackageVersionList, VersionDifference } from '@muster/contracts/kinds/package-versions.js';
import { Database } from '@muster/persistence/database.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { runCli } from '../../apps/cli/src/program.js';
import { captureTerminal } from '../../apps/cli/test/capture-terminal.js';
import { ContentUnderTest } from '../../apps/content/test/content-under-test.js';

describe('versions of a package', () => {
  let content: ContentUnderTest;
  let folder: string;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    folder = mkdtempSync(join(tmpdir(), 'muster-versions-'));
    await content.apply('Package', 'packages', 'app', {});
    const image = randomBytes(6_000_000);
    writeFileSync(join(folder, 'image'), image);
    writeFileSync(join(folder, 'gone'), 'gone');
    for (let file = 0; file < 5; file += 1) writeFileSync(join(folder, `same-${file}`), `same ${file}`);
    await upload();
    writeFileSync(join(folder, 'image'), Buffer.concat([Buffer.from('inserted'), image]));
    rmSync(join(folder, 'gone'));
    writeFileSync(join(folder, 'new'), 'new');
    await upload();
    // The third is not complete.
    await content.announce('app', [{ path: 'x', digest: `sha256:${'0'.repeat(64)}`, size: 9 }]);
  });

  afterAll(async () => {
    await content?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function muster(...argv: string[]) {
    const server = new URL(content.url).origin;
    const terminal = captureTerminal({
      MUSTER_SERVER: server,
      MUSTER_TOKEN: content.token,
      MUSTER_CONFIG: '/nonexistent',
    });
    return { exitCode: await runCli(argv, terminal), out: terminal.stdout(), error: terminal.stderr() };
  }

  async function upload(): Promise<void> {
    expect(await muster('content', 'upload', 'app', folder)).toMatchObject({ exitCode: 0 });
  }

  it('are listed with their authors and states, newest first, page by page', async () => {
    const path = '/packages/app/versions?limit=2';
    const { body: first } = await content.ask<PackageVersionList>('GET', path);
    expect(first.items).toMatchObject([
      { version: 3, state: 'uploading', author: expect.any(String) },
      { version: 2, state: 'available', files: 7 },
    ]);
    const { body: rest } = await content.ask<PackageVersionList>('GET', `${path}&continue=${first.metadata.continue}`);
    expect(rest).toMatchObject({ metadata: {}, items: [{ version: 1 }] });
    expect(rest.metadata.continue).toBeUndefined();
    expect((await muster('content', 'versions', 'app')).out).toMatch(/VERSION +STATE.*\n3 +uploading.*\n2 +available/);
    expect(await content.ask('GET', '/packages/nobody/versions')).toMatchObject({ status: 404 });
  });

  it('are compared file by file, with what they share and what would have to be moved', async () => {
    const { body } = await content.ask<VersionDifference>('GET', '/packages/app/versions/2/difference?from=1');
    expect(body).toMatchObject({
      files: { added: 1, removed: 1, changed: 1, same: 5 },
      items: [
        { path: 'gone', change: 'removed' },
        { path: 'image', change: 'changed', bytes: 6_000_008, bytesBefore: 6_000_000 },
        { path: 'new', change: 'added', bytes: 3 },
      ],
    });
    // The list of the image's chunks, and the first chunk or two.
    expect(body.bytesToMove).toBeLessThan(200_000);
    expect(body.bytesShared).toBeGreaterThan(5_800_000);
    const address = `127.0.0.1:${content.environment['MUSTER_GRPC_PORT']}`;
    const grpc = grpcClient('content', 'PackageVersionService', address, content.token);
    try {
      expect(await grpc.call('Compare', { name: 'app', from: 1, to: 2 })).toMatchObject({
        package: 'app',
        bytesToMove: body.bytesToMove,
        items: body.items,
      });
      expect(await grpc.call('List', { name: 'app', pageSize: 1 })).toMatchObject({ items: [{ version: 3 }] });
    } finally {
      grpc.close();
    }
    const { out } = await muster('content', 'diff', 'app');
    expect(out).toContain(
      'package/app from version 1 (5.7 MiB) to 2 (5.7 MiB): 1 files added, 1 removed, 1 changed, 5 the same',
    );
    expect(out).toMatch(/changed +image +5\.7 MiB +5\.7 MiB/);
    expect(await muster('content', 'diff', 'app', '--from', '7', '--to', '2')).toMatchObject({
      exitCode: 4,
      error: expect.stringContaining('content.unknown-version'),
    });
  });

  it('of very many small files name those that are not the same, page by page, and not the pack', async () => {
    const many = join(folder, '..', `${basename(folder)}-many`);
    try {
      await content.apply('Package', 'packages', 'many', {});
      mkdirSync(join(many, 'part'), { recursive: true });
      for (let file = 0; file < 10_002; file += 1) writeFileSync(join(many, 'part', `f-${file}`), `file ${file}`);
      expect(await muster('content', 'upload', 'many', many)).toMatchObject({ exitCode: 0 });
      for (let file = 0; file < 600; file += 1) writeFileSync(join(many, 'part', `f-${file * 9}`), `changed ${file}`);
      rmSync(join(many, 'part', 'f-1'));
      expect(await muster('content', 'upload', 'many', many)).toMatchObject({ exitCode: 0 });
      const { out } = await muster('content', 'diff', 'many', '-o', 'json');
      const { files, items } = JSON.parse(out) as VersionDifference;
      expect(files).toEqual({ added: 0, removed: 1, changed: 600, same: 9401 });
      expect(items).toHaveLength(601);
      expect(items.slice(0, 3)).toMatchObject([
        { path: 'part/f-0', change: 'changed', bytesBefore: 6, bytes: 9 },
        { path: 'part/f-1', change: 'removed' },
        { path: 'part/f-1008', change: 'changed' },
      ]);
    } finally {
      rmSync(many, { recursive: true, force: true });
    }
  });

  it('are beside revisions of applications, which are listed, compared and brought back', async () => {
    const spec = (command: string) => ({
      deploymentTypes: [{ name: 'any', install: { command }, detection: { file: '/x' } }],
    });
    for (const command of ['one', 'two']) await content.apply('Application', 'applications', 'editor', spec(command));
    expect((await muster('revisions', 'app/editor')).out).toMatch(/REVISION +AGE +AUTHOR.*\n2 .*\n1 /);
    expect(await muster('diff', 'app/editor', '--revision', '1')).toMatchObject({
      exitCode: 1,
      out: [
        '--- application/editor (revision 1)',
        '+++ application/editor (revision 2)',
        '~ /deploymentTypes/any/install/command: "one" -> "two"',
      ].join('\n'),
    });
    expect(await muster('restore', 'app/editor', '--revision', '1', '--comment', 'back')).toMatchObject({
      exitCode: 0,
      out: 'application/editor restored: revision 3 is revision 1 again',
    });
    expect((await muster('revisions', 'app/editor')).out).toContain('Restored revision 1: back');
    expect(await muster('revisions', 'package/app')).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('cli.no-revisions'),
    });
  });

  it('have the blobs of their large files among those that are kept, audited and removed for them', async () => {
    const rows = await content.app.get(Database).query<{ version: number; blobs: number }>(
      `select v.version, count(*)::int as blobs from package_version v join manifest_blob using (manifest)
       where v.version < 3 and v.package_uid = (select uid from package where name = 'app') group by v.version order by v.version`,
    );
    // The small files, the image's blob, the list of its chunks; then a second blob of the image.
    expect(rows).toEqual([
      { version: 1, blobs: 8 },
      { version: 2, blobs: 9 },
    ]);
  });
});
