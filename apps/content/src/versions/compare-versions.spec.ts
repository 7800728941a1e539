import type { Manifest } from '@muster/contracts/agent/content.js';
import { storageOf } from '@muster/contracts/agent/manifest-blobs.js';
import { packBeginning, packHeader, PACK_PATH } from '@muster/contracts/agent/pack.js';
import { packOrder } from '@muster/contracts/agent/packed-paths.js';
import { digestOfBytes } from '@muster/contracts/digest.js';
import * as fc from 'fast-check';
import { compareVersions } from './compare-versions.js';
import { VersionDifferences } from './version-differences.js';
import type { ReadFile } from './version-files.js';

type File = Manifest['files'][number];
/** Files by their paths; those whose text begins with "!" may be executed. */
type Folder = Record<string, string>;

const file = (path: string, text: string, executable = text.startsWith('!')): File => ({
  path,
  digest: digestOfBytes(text),
  size: text.length,
  ...(executable ? { executable } : {}),
});
const blob = (text: string, size: number) => ({ digest: digestOfBytes(text), size });
const ALL = { first: 0, most: 1000 };

/** A library in memory, and the ways to put folders into it. */
class Library {
  readonly blobs = new Map<string, Buffer>();
  reads = 0;

  readonly read: ReadFile = (entry) => this.pieces(entry);

  put(bytes: Buffer): { digest: File['digest']; size: number } {
    const digest = digestOfBytes(bytes);
    this.blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  }

  loose(folder: Folder): Manifest {
    return { files: Object.entries(folder).map(([path, text]) => file(path, text)) };
  }

  /** @param cuts the pack is stored as pieces that end there; none: it is one blob */
  packed(folder: Folder, beside: Folder = {}, cuts: number[] = []): Manifest {
    const entries = Object.entries(folder).toSorted(([one], [other]) => (packOrder(one) < packOrder(other) ? -1 : 1));
    const bytes = Buffer.concat([
      packBeginning(),
      ...entries.flatMap(([path, text]) => {
        const { size, executable = false } = file(path, text);
        return [packHeader({ path, size, executable }), Buffer.from(text)];
      }),
    ]);
    const ends = [...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length];
    const pieces = ends.map((end, index) => this.put(bytes.subarray(ends[index - 1] ?? 0, end)));
    const blobs = [...new Map(pieces.map((piece) => [piece.digest, piece])).values()];
    const pack: File = {
      path: PACK_PATH,
      digest: digestOfBytes(bytes),
      size: bytes.length,
      pack: { files: entries.length },
      stored: {
        blobs,
        extents: pieces.map(({ digest, size }) => [blobs.findIndex((one) => one.digest === digest), 0, size]),
      },
    };
    return { files: [pack, ...this.loose(beside).files] };
  }

  private async *pieces(entry: File): AsyncGenerator<Uint8Array> {
    this.reads += 1;
    const { blobs, extents } = storageOf(entry);
    for (const [place, offset, size] of extents)
      yield this.blobs.get(blobs[place]!.digest)!.subarray(offset, offset + size);
  }
}

const noPack: ReadFile = () => {
  throw new Error('there is no pack to read');
};

describe('two versions', () => {
  it('that are the same differ in nothing', async () => {
    const one = { files: [file('a', 'aaa')] };
    expect(await compareVersions(one, one, noPack, ALL)).toEqual({
      files: { added: 0, removed: 0, changed: 0, same: 1 },
      bytes: 3,
      bytesBefore: 3,
      bytesShared: 3,
      bytesToMove: 0,
      changes: [],
    });
  });

  it('differ in files that came, went, changed, and in what may be executed; a moved file shares all its bytes', async () => {
    const from = { files: [file('gone', 'xxxxx'), file('kept', 'k'), file('old', 'moved!'), file('script', 's')] };
    const to = { files: [file('kept', 'kk'), file('new', 'moved!'), file('script', 's', true)] };
    expect(await compareVersions(from, to, noPack, ALL)).toEqual({
      files: { added: 1, removed: 2, changed: 2, same: 0 },
      bytes: 9,
      bytesBefore: 13,
      bytesShared: 7,
      bytesToMove: 2,
      changes: [
        { path: 'gone', change: 'removed', bytesBefore: 5, bytesShared: 0 },
        { path: 'kept', change: 'changed', bytes: 2, bytesBefore: 1, bytesShared: 0 },
        { path: 'new', change: 'added', bytes: 6, bytesShared: 6 },
        { path: 'old', change: 'removed', bytesBefore: 6, bytesShared: 0 },
        { path: 'script', change: 'executable', bytes: 1, bytesBefore: 1, bytesShared: 1 },
      ],
    });
  });

  it('of an image share the extents of blobs that both have', async () => {
    const image = (text: string, size: number, stored: File['stored']) => ({
      files: [{ path: 'image', digest: digestOfBytes(text), size, stored }],
    });
    const from = image('v1', 100, { blobs: [blob('all', 100)], extents: [[0, 0, 100]], chunks: blob('list 1', 40) });
    const to = image('v2', 98, {
      blobs: [blob('all', 100), blob('new', 8)],
      extents: [
        [0, 0, 50],
        [1, 0, 8],
        [0, 60, 40],
      ],
      chunks: blob('list 2', 44),
    });
    expect(await compareVersions(from, to, noPack, ALL)).toMatchObject({
      bytesShared: 90,
      bytesToMove: 52,
      changes: [{ path: 'image', change: 'changed', bytes: 98, bytesBefore: 100, bytesShared: 90 }],
    });
  });
});

describe('versions of which the small files are a pack', () => {
  it('name the files in it, and what of each must be moved', async () => {
    const library = new Library();
    // The first piece has all of "a/kept" and the header of "b", and of its text the first four bytes.
    const from = library.packed({ 'a/kept': 'kept', b: 'same before', c: 'c', gone: 'gone' }, { large: 'one' }, [37]);
    const to = library.packed({ 'a/kept': 'kept', b: 'same after!', c: '!c', D: 'new' }, { large: 'two' }, [37]);
    expect(await compareVersions(from, to, library.read, ALL)).toMatchObject({
      files: { added: 1, removed: 1, changed: 3, same: 1 },
      changes: [
        { path: 'b', change: 'changed', bytes: 11, bytesBefore: 11, bytesShared: 4 },
        { path: 'c', change: 'changed', bytes: 2, bytesBefore: 1, bytesShared: 0 },
        { path: 'D', change: 'added', bytes: 3, bytesShared: 0 },
        { path: 'gone', change: 'removed', bytesBefore: 4, bytesShared: 0 },
        { path: 'large', change: 'changed', bytes: 3, bytesBefore: 3 },
      ],
    });
  });

  it('differ in the same files whether they are packed or not, whatever they are', async () => {
    const paths = fc.constantFrom('a', 'B', 'b', 'c/d', 'c/E', 'd', 'ö/x', 'z');
    const folders = fc.dictionary(paths, fc.constantFrom('', '1', '22', '!1', '!')).map((folder) => {
      const { b, ...rest } = folder;
      return b === undefined || 'B' in rest ? rest : { ...rest, b };
    });
    await fc.assert(
      fc.asyncProperty(folders, folders, fc.array(fc.nat(80)), async (before, after, cuts) => {
        const library = new Library();
        const ends = [...new Set(cuts)].toSorted((one, other) => one - other);
        const ways: [Manifest, Manifest][] = [
          [library.packed(before, {}, ends), library.packed(after, {}, ends)],
          [library.loose(before), library.packed(after, {}, ends)],
          [library.packed(before, {}, ends), library.loose(after)],
        ];
        const shown = async ([from, to]: [Manifest, Manifest]) => {
          const { files, changes } = await compareVersions(from, to, library.read, ALL);
          return { files, changes: changes.map(({ bytesShared: _, ...change }) => change) };
        };
        const expected = await shown([library.loose(before), library.loose(after)]);
        for (const way of ways) expect(await shown(way)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it('that have the same pack are compared without reading it', async () => {
    const library = new Library();
    const from = library.packed({ a: 'a', b: 'b' }, { large: 'one' });
    const to = library.packed({ a: 'a', b: 'b' }, { large: 'two' });
    expect(await compareVersions(from, to, library.read, ALL)).toMatchObject({
      files: { changed: 1, same: 2 },
      changes: [{ path: 'large' }],
    });
    expect(library.reads).toBe(0);
  });

  it('are not compared by what is not the pack that was uploaded', async () => {
    const library = new Library();
    const from = library.packed({ a: 'a' });
    const to = library.packed({ a: 'b' });
    const [blobOfTo] = storageOf(to.files[0]!).blobs;
    const damaged = Buffer.from(library.blobs.get(blobOfTo!.digest)!);
    damaged[damaged.length - 1]! ^= 1;
    library.blobs.set(blobOfTo!.digest, damaged);
    await expect(compareVersions(from, to, library.read, ALL)).rejects.toThrow(/^it is sha256:.* and must be sha256:/);
  });

  it('are read once for many pages of their changes, again for those that were not kept, and after a failure', async () => {
    const library = new Library();
    const names = Array.from({ length: 10 }, (_, index) => `file-${index}`);
    const from = { digest: digestOfBytes('one'), manifest: library.packed({ same: 'same' }) };
    const all = Object.fromEntries([['same', 'same'], ...names.map((name) => [name, 'x'])]) as Folder;
    const to = { digest: digestOfBytes('two'), manifest: library.packed(all) };
    let broken = false;
    const differences = new VersionDifferences((entry) => {
      if (broken) throw new Error('the store is away');
      return library.read(entry);
    }, 6);
    const page = async (first: number) => {
      const { changes, files } = await differences.find(from, to, { first, most: 3 });
      expect(files).toMatchObject({ added: 10, same: 1 });
      return changes.map(({ path }) => path);
    };
    const pages = await Promise.all([page(0), page(3), page(0)]);
    expect(pages).toEqual([names.slice(0, 3), names.slice(3, 6), names.slice(0, 3)]);
    expect(library.reads).toBe(2);
    broken = true;
    await expect(page(6)).rejects.toThrow('the store is away');
    broken = false;
    expect([await page(6), await page(9)]).toEqual([names.slice(6, 9), names.slice(9)]);
    expect(library.reads).toBe(4);
  });
});
