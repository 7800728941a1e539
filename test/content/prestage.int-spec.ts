import { randomBytes } from 'node:crypto';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../apps/cli/src/program.js';
import { captureTerminal } from '../../apps/cli/test/capture-terminal.js';
import { ContentUnderTest, Gate } from '../../apps/content/test/content-under-test.js';

const MIB = 1024 * 1024;

describe('content that is carried to a point', () => {
  let content: ContentUnderTest;
  let gate: Gate;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    const second = await content.secondEndpoint();
    gate = new Gate(Number(new URL(second).port));
    await gate.open();
    folder = mkdtempSync(join(tmpdir(), 'muster-prestage-'));
    file = join(folder, 'branch.tar');
    for (const name of ['hello', 'image']) mkdirSync(join(folder, name));
    await content.apply('Package', 'packages', 'hello', {});
    await content.apply('OsImage', 'os-images', 'image', { os: 'Debian' });
    writeFileSync(join(folder, 'image', 'disk.img'), randomBytes(10 * MIB));
    for (let one = 0; one < 20; one += 1) writeFileSync(join(folder, 'hello', `f${one}`), randomBytes(1000));
    for (const word of ['hello', 'os-image/image'])
      expect(await muster('content', 'upload', word, join(folder, word.replace('os-image/', '')))).toMatchObject({
        exitCode: 0,
      });
    expect(await muster('content', 'prestage', 'hello', 'os-image/image', '--out', file)).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(
        /osImage\/image version 1: 1 files\npackage\/hello version 1: 20 files\n.*branch\.tar: 10\.\d MiB$/,
      ),
    });
  });

  afterAll(async () => {
    await gate?.shut();
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

  async function addPoint(name: string): Promise<void> {
    await content.makeBucket(await content.secondEndpoint(), `point-${name}`);
    await content.applyPoint(name, gate.endpoint, { bucket: `point-${name}` });
  }

  it('is verified there, and then a distribution moves nothing but lists of files', async () => {
    await addPoint('berlin');
    const { exitCode, out } = await muster('content', 'prestage', 'import', file, '--point', 'berlin');
    expect(out).toMatch(/osImage\/image version 1 is proven at berlin; sent \d blobs, 10\.\d MiB/);
    expect(out).toContain('version 1 of osImage/image is available on berlin');
    expect(exitCode).toBe(0);
    for (const name of ['hello', 'os-image-image']) {
      const [progress] = await content.progress(name);
      expect(progress).toMatchObject({ point: 'berlin', state: 'available' });
      expect(progress?.bytesMoved).toBeLessThan(5000);
    }
    const again = await muster('content', 'prestage', 'import', file, '--point', 'berlin');
    expect(again.out).toContain('osImage/image version 1 is proven at berlin; sent 0 blobs, 0 B');
  });

  it('goes on where an import was broken off', async () => {
    await addPoint('paris');
    // The image goes first, and nothing of it is sent again; the small files behind it are in the way of the gate.
    gate.allowedBytes = 10 * MIB + 20_000;
    const broken = muster('content', 'prestage', 'import', file, '--point', 'paris', '--no-distribute');
    while (gate.allowedBytes > 0) await new Promise((resolve) => setImmediate(resolve));
    await gate.shut();
    expect(await broken).toMatchObject({ exitCode: 7, error: expect.stringContaining('content.') });
    gate.allowedBytes = Infinity;
    await gate.open();
    const { out } = await muster('content', 'prestage', 'import', file, '--point', 'paris', '--no-distribute');
    expect(out).toContain('osImage/image version 1 is proven at paris; sent 0 blobs, 0 B');
    expect(out).toMatch(/package\/hello version 1 is proven at paris; sent \d+ blobs/);
  });

  it('is refused where its bytes are not what they were, and nothing of that arrives', async () => {
    await addPoint('rome');
    const spoilt = Buffer.from(readFileSync(file));
    spoilt[spoilt.length - 2 * MIB]! ^= 1;
    const path = join(folder, 'spoilt.tar');
    writeFileSync(path, spoilt);
    expect(await muster('content', 'prestage', 'import', path, '--point', 'rome')).toMatchObject({
      exitCode: 3,
      error: expect.stringMatching(/prestage\.damaged: the bytes of disk\.img in .*spoilt\.tar/),
    });
    expect(await content.progress('os-image-image')).toHaveLength(1);
  });

  it('is refused at a site that does not know it, and taken into its library', async () => {
    await addPoint('oslo');
    const other = await ContentUnderTest.start();
    const here = content;
    try {
      content = other;
      await addPoint('oslo');
      expect(await muster('content', 'prestage', 'import', file, '--point', 'oslo')).toMatchObject({
        exitCode: 4,
        error: expect.stringContaining('content.unknown-manifest'),
      });
      await other.apply('Package', 'packages', 'hello', {});
      const { out } = await muster('content', 'prestage', 'import', file, '--library');
      // The image is not known there: the file says what it is.
      expect(out).toContain('osImage/image created');
      expect(out).not.toContain('package/hello created');
      expect((await other.ask<{ spec: object }>('GET', '/os-images/image')).body.spec).toEqual({ os: 'Debian' });
      expect(out).toMatch(/osImage\/image version 1 is in the library; sent \d blobs, 10\.\d MiB/);
    } finally {
      content = here;
      await other.stop();
    }
  });
});
