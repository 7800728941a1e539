import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestFileSchema, type StoredFile } from '@muster/contracts/agent/content.js';
import { rangesOfBlob } from '@muster/contracts/agent/manifest-blobs.js';
import { digestOfBytes, type Digest } from '@muster/contracts/digest.js';
import { readChunkList } from './chunk-list.js';
import { addKnownChunks, type ChunkPlace, type KnownChunks } from './known-chunks.js';
import { MOST_BLOB_BYTES } from './extent-builder.js';
import { FILE_CUTTING } from './cutting.js';
import { type ScannedFile, scanLargeFile } from './scan-large-file.js';

const folder = mkdtempSync(join(tmpdir(), 'muster-scan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a library would hold. */
class Blobs {
  private readonly held = new Map<Digest, Buffer>();

  /** Takes the new blobs of a file; how many bytes that are. */
  take(bytes: Buffer, { blobs, extents }: StoredFile): number {
    let taken = 0;
    blobs.forEach(({ digest, size }, place) => {
      if (this.held.has(digest)) return;
      const ranges = rangesOfBlob({ blobs, extents }, place) ?? [];
      const blob = Buffer.concat(ranges.map((range) => bytes.subarray(range.offset, range.offset + range.size)));
      expect([blob.length, digestOfBytes(blob)]).toEqual([size, digest]);
      this.held.set(digest, blob);
      taken += size;
    });
    return taken;
  }

  read({ blobs, extents }: StoredFile): Buffer {
    return Buffer.concat(
      extents.map(([blob, offset, size]) => this.held.get(blobs[blob]!.digest)!.subarray(offset, offset + size)),
    );
  }
}

async function scan(bytes: Buffer, known: KnownChunks = new Map(), cutting = FILE_CUTTING): Promise<ScannedFile> {
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  const file = await open(path);
  let told = 0;
  try {
    const scanned = await scanLargeFile(file, known, cutting, (count) => (told += count));
    // However often it was read, in the end all of it was, once.
    expect(told).toBe(bytes.length);
    return scanned;
  } finally {
    await file.close();
  }
}

function knownOf({ stored, chunkList }: ScannedFile): KnownChunks {
  const known = new Map<string, ChunkPlace>();
  addKnownChunks(known, stored, readChunkList(chunkList)!);
  return known;
}

const isValid = ({ digest, size, stored }: ScannedFile): boolean =>
  manifestFileSchema.safeParse({ path: 'f', digest, size, stored }).success;

describe('a large file', () => {
  it('that is new is stored in blobs of its bytes, one behind the other', async () => {
    const bytes = randomBytes(MOST_BLOB_BYTES + 5_000_000);
    const scanned = await scan(bytes);
    expect(scanned).toMatchObject({ size: bytes.length, digest: digestOfBytes(bytes) });
    expect(scanned.stored.blobs).toHaveLength(2);
    expect(isValid(scanned)).toBe(true);
    const blobs = new Blobs();
    expect(blobs.take(bytes, scanned.stored)).toBe(bytes.length);
    expect(blobs.read(scanned.stored).equals(bytes)).toBe(true);
  });

  it('that is one blob has the blob that everybody else makes of it: its own digest', async () => {
    const bytes = randomBytes(10_000_000);
    expect((await scan(bytes)).stored.blobs).toEqual([{ digest: digestOfBytes(bytes), size: bytes.length }]);
  });

  it('shares with the version before what did not change, through many versions, and always comes out whole', async () => {
    let bytes = randomBytes(20_000_000);
    let scanned = await scan(bytes);
    const blobs = new Blobs();
    blobs.take(bytes, scanned.stored);
    for (let version = 2; version < 12; version += 1) {
      const at = Math.floor(bytes.length * Math.random() * 0.9);
      const changed = randomBytes(200_000);
      bytes = Buffer.concat([
        randomBytes(1),
        bytes.subarray(0, at),
        changed,
        bytes.subarray(at + Math.floor(200_000 * Math.random())),
      ]);
      scanned = await scan(bytes, knownOf(scanned));
      expect(blobs.take(bytes, scanned.stored)).toBeLessThan(2_000_000);
      expect(isValid(scanned)).toBe(true);
      expect(blobs.read(scanned.stored).equals(bytes)).toBe(true);
      expect(scanned.digest).toBe(digestOfBytes(bytes));
    }
  });

  it('is stored anew when the blobs that it shares hold too much that it has not', async () => {
    const before = randomBytes(30_000_000);
    const known = knownOf(await scan(before));
    const bytes = Buffer.concat([before.subarray(0, 5_000_000), randomBytes(5_000_000)]);
    const { stored } = await scan(bytes, known);
    expect(stored.blobs).toEqual([{ digest: digestOfBytes(bytes), size: bytes.length }]);
  });

  it('full of the same bytes, as sparse files are, is stored once', async () => {
    const bytes = Buffer.alloc(30_000_000);
    const scanned = await scan(bytes);
    const blobs = new Blobs();
    expect(blobs.take(bytes, scanned.stored)).toBeLessThan(2_000_000);
    expect(isValid(scanned)).toBe(true);
    expect(createHash('sha256').update(blobs.read(scanned.stored)).digest('hex')).toBe(scanned.digest.slice(7));
  });

  it('of holes with something here and there costs what is there, also beside the version before', async () => {
    const sparse = (islands: number): Buffer => {
      const bytes = Buffer.alloc(300 * 1024 * 1024);
      for (let at = 0; at < islands; at += 1) bytes.fill(at + 1, at * 50_000_000 + 7, at * 50_000_000 + 300_007);
      return bytes;
    };
    const blobs = new Blobs();
    const before = await scan(sparse(5));
    expect(blobs.take(sparse(5), before.stored)).toBeLessThan(12_000_000);
    expect(before.stored.extents.length).toBeLessThan(400);
    const after = await scan(sparse(6), knownOf(before));
    expect(blobs.take(sparse(6), after.stored)).toBeLessThan(12_000_000);
    expect(isValid(after)).toBe(true);
    expect(blobs.read(after.stored).equals(sparse(6))).toBe(true);
  });

  it('with more holes than a list of extents has room for is stored in whole blobs, of which those that are holes are one', async () => {
    const bytes = Buffer.alloc(3 * MOST_BLOB_BYTES);
    for (let at = 0; at < 40; at += 1) randomBytes(200_000).copy(bytes, at * 5_000_000);
    const scanned = await scan(bytes, new Map(), { ...FILE_CUTTING, mostExtents: 30 });
    expect(scanned.stored.extents.length).toBeLessThan(6);
    const holes = await scan(Buffer.alloc(5 * MOST_BLOB_BYTES), new Map(), { ...FILE_CUTTING, mostExtents: 30 });
    expect([holes.stored.extents.length, holes.stored.blobs.length]).toEqual([5, 1]);
    const blobs = new Blobs();
    blobs.take(bytes, scanned.stored);
    expect(blobs.read(scanned.stored).equals(bytes)).toBe(true);
  });

  it('has chunks of which nothing is believed when their list is of another kind', () => {
    expect(readChunkList(Buffer.from('something else'))).toBeUndefined();
  });
});
