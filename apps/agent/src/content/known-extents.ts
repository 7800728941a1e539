import { join } from 'node:path';
import type { Manifest } from '@muster/contracts/agent/content.js';
import { storageOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';

/** Bytes of a file on this disk. */
export interface Piece {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

/** An extent of a blob that lies in a file of some version's folder. */
interface Held {
  readonly inBlob: number;
  readonly size: number;
  readonly path: string;
  readonly inFile: number;
}

/**
 * Which extents of blobs lie in the folders of versions: there they are also when their blobs made room long ago. Programs
 * may have changed those files, so what is made of them counts only once its digest is right.
 */
export class KnownExtents {
  private readonly held = new Map<Digest, Held[]>();

  /** Adds what a version's folder has. */
  add(folder: string, { files }: Manifest): void {
    for (const file of files) {
      // Its bytes lie in many files, and between them headers that lie in none.
      if (file.pack) continue;
      const { blobs, extents } = storageOf(file);
      let inFile = 0;
      for (const [blob, inBlob, size] of extents) {
        const { digest } = blobs[blob]!;
        const list = this.held.get(digest) ?? [];
        this.held.set(digest, list);
        list.push({ inBlob, size, path: join(folder, file.path), inFile });
        inFile += size;
      }
    }
  }

  /** Where bytes of a blob are, one piece behind the other; undefined when not all of them are in some folder. */
  find(digest: Digest, offset: number, size: number): Piece[] | undefined {
    const pieces: Piece[] = [];
    const end = offset + size;
    let at = offset;
    while (at < end) {
      const best = this.longest(digest, at);
      if (!best) return undefined;
      const length = Math.min(best.inBlob + best.size, end) - at;
      pieces.push({ path: best.path, offset: best.inFile + at - best.inBlob, size: length });
      at += length;
    }
    return pieces;
  }

  /** The held extent with byte `at` of a blob that goes on farthest behind it. */
  private longest(digest: Digest, at: number): Held | undefined {
    let best: Held | undefined;
    for (const one of this.held.get(digest) ?? []) {
      if (one.inBlob > at || one.inBlob + one.size <= at) continue;
      if (!best || one.inBlob + one.size > best.inBlob + best.size) best = one;
    }
    return best;
  }
}
