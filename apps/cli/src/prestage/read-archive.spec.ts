import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, type Digest, digestOf, digestOfBytes } from '@muster/contracts/digest.js';
import * as fc from 'fast-check';
import { CliError } from '../errors/cli-error.js';
import { readArchive } from './read-archive.js';
import { readTarHeader, writeTarHeader } from './tar-header.js';
import { type ArchivedVersion, writeArchive } from './write-archive.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-prestage-'));
  path = join(folder, 'branch.tar');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const blobs = new Map<Digest, Buffer>();

function version(name: string, contents: readonly Buffer[]): ArchivedVersion {
  const files = contents.map((bytes, index) => {
    blobs.set(digestOfBytes(bytes), bytes);
    return { path: `file-${index}`, digest: digestOfBytes(bytes), size: bytes.length };
  });
  return { kind: 'Package', name, version: 3, manifest: digestOf({ files }), files: { files } };
}

let fetched = 0;
async function* fetchBlob(_: ArchivedVersion, { digest }: { digest: Digest }): AsyncGenerator<Buffer> {
  fetched += 1;
  yield blobs.get(digest) ?? Buffer.alloc(0);
}
const write = (versions: readonly ArchivedVersion[]) => writeArchive(path, versions, fetchBlob, () => undefined);

const shared = randomBytes(2000);
const versions = [
  version('hello', [Buffer.from('hello'), shared, Buffer.alloc(0)]),
  version('world', [shared, randomBytes(70_000)]),
];

async function refusal(): Promise<CliError> {
  try {
    await readArchive(path);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a prestaged content file', () => {
  it('gives back what was written, each blob once, and is the same for the same content', async () => {
    await write(versions);
    const bytes = readFileSync(path);
    const archive = await readArchive(path);
    expect(archive.contents.map(({ name, version: number, files }) => [name, number, digestOf(files)])).toEqual(
      versions.map(({ name, manifest }) => [name, 3, manifest]),
    );
    expect(archive.blobs.size).toBe(4);
    for (const [digest, offset] of archive.blobs) {
      const blob = blobs.get(digest)!;
      expect(bytes.subarray(offset, offset + blob.length).equals(blob)).toBe(true);
    }
    rmSync(path);
    await write(versions);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('that was broken off goes on with the first entry that is not whole', async () => {
    await write(versions);
    const bytes = readFileSync(path);
    rmSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), fc.boolean(), async (length, spoilt) => {
        const part = Buffer.from(bytes.subarray(0, length));
        if (spoilt && length > 0) part[length - 1]! ^= 1;
        writeFileSync(`${path}.partial`, part);
        fetched = 0;
        rmSync(path, { force: true });
        const { resumedBytes } = await write(versions);
        expect(readFileSync(path).equals(bytes)).toBe(true);
        if (!spoilt && length >= bytes.length - 1024) expect([fetched, resumedBytes > 70_000]).toEqual([0, true]);
        rmSync(path);
      }),
      { numRuns: 60 },
    );
  });

  it('is never written over', async () => {
    writeFileSync(path, 'something');
    await expect(write(versions)).rejects.toMatchObject({ code: 'prestage.file-exists' });
  });

  it('is not written with bytes that are not those of their names', async () => {
    const wrong = version('wrong', [randomBytes(100)]);
    blobs.set(wrong.files.files[0]!.digest, randomBytes(100));
    await expect(write([wrong])).rejects.toMatchObject({ code: 'prestage.download-failed' });
  });

  it('cut short anywhere is refused, and so is one with a bit flipped in what is no blob', async () => {
    await write(versions);
    const bytes = readFileSync(path);
    const first = Math.min(...(await readArchive(path)).blobs.values());
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 513), async (length) => {
        writeFileSync(path, bytes);
        truncateSync(path, length);
        expect((await refusal()).code).toMatch(/^prestage\.(truncated|bad-archive)$/);
      }),
      { numRuns: 40 },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(first - 1), fc.nat(7), async (at, bit) => {
        const spoilt = Buffer.from(bytes);
        spoilt[at]! ^= 1 << bit;
        writeFileSync(path, spoilt);
        // What fills a block up to its end means nothing, and some fields of a header neither: then all is read as before.
        const read = await readArchive(path).catch((error: unknown) => error);
        if (read instanceof CliError) expect(read.code).toMatch(/^prestage\./);
        else
          expect(read).toMatchObject({
            contents: [{ manifest: versions[0]?.manifest }, { manifest: versions[1]?.manifest }],
          });
      }),
      { numRuns: 80 },
    );
  });

  it.each<[string, string, Buffer]>([
    ['random bytes', 'prestage.bad-archive', randomBytes(5000)],
    ['nothing', 'prestage.bad-archive', Buffer.alloc(0)],
    ['zeros', 'prestage.bad-archive', Buffer.alloc(10_000)],
    ['another tar', 'prestage.bad-archive', entry('etc/passwd', Buffer.from('root'))],
    ['an index of gigabytes', 'prestage.bad-archive', writeTarHeader({ name: 'muster-prestage.json', size: 2 ** 32 })],
    ['an index that is no JSON', 'prestage.bad-archive', entry('muster-prestage.json', Buffer.from('{'))],
    [
      'an index of a later time',
      'prestage.newer-version',
      entry('muster-prestage.json', Buffer.from('{"format":"muster-prestage","version":9}')),
    ],
    ['a name that climbs', 'prestage.bad-archive', Buffer.concat([index(), entry('../../blobs/x', Buffer.from('x'))])],
    [
      'a manifest of gigabytes',
      'prestage.truncated',
      Buffer.concat([
        index(),
        writeTarHeader({ name: `manifests/${versions[0]!.manifest.slice(7)}.json`, size: 2 ** 32 }),
      ]),
    ],
    [
      'a manifest of other bytes',
      'prestage.bad-archive',
      Buffer.concat([
        index(),
        entry(`manifests/${versions[0]!.manifest.slice(7)}.json`, Buffer.from('{"files":[]}')),
        Buffer.alloc(1024),
      ]),
    ],
    ['no manifest', 'prestage.bad-archive', Buffer.concat([index(), Buffer.alloc(1024)])],
  ])('of %s is refused: %s', async (_title, code, bytes) => {
    writeFileSync(path, bytes);
    expect((await refusal()).code).toBe(code);
  });
});

describe('a header of a tar', () => {
  it('gives back what was written', () => {
    const sizes = fc.nat(2 ** 31 - 1).map((size) => size * 3);
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9/.]{1,100}$/), sizes, (name, size) => {
        expect(readTarHeader(writeTarHeader({ name, size }))).toEqual({ name, size });
      }),
    );
  });

  it('is none where other bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 512, maxLength: 512 }), (bytes) => {
        expect(typeof readTarHeader(Buffer.from(bytes))).not.toBe('object');
      }),
    );
  });
});

function entry(name: string, bytes: Buffer): Buffer {
  const padding = Buffer.alloc((512 - (bytes.length % 512)) % 512);
  return Buffer.concat([writeTarHeader({ name, size: bytes.length }), bytes, padding]);
}

function index(): Buffer {
  const { name, version: number, manifest } = versions[0]!;
  const contents = [{ kind: 'Package', name, version: number, manifest }];
  return entry('muster-prestage.json', Buffer.from(canonicalJson({ format: 'muster-prestage', version: 1, contents })));
}
