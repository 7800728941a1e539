import { createHash, type Hash } from 'node:crypto';
import type { StoredFile } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import { HOLE_ID } from './chunk-list.js';
import type { KnownChunks } from './known-chunks.js';

/** A new blob has at most this many bytes: one PUT, sent again as a whole when it breaks. */
export const MOST_BLOB_BYTES = 64 * 1024 * 1024;

/** One of so many bytes of holes is stored, as long as that is a blob: what holes cost, beside how many extents they take. */
const HOLES_OF_ONE = 256;

interface NewBlob {
  digest: Digest;
  size: number;
  readonly hash: Hash;
}

type Held = NewBlob | StoredFile['blobs'][number];

/**
 * Puts a file together out of its chunks: those that are known become extents of the blobs that have them, the others are
 * collected in new blobs. Holes, of which a file may have a terabyte, are extents of a blob of zeros.
 */
export class ExtentBuilder {
  private readonly held: Held[] = [];
  private readonly places = new Map<string, number>();
  private readonly own = new Map<string, { blob: number; offset: number; size: number }>();
  private readonly extents: [number, number, number][] = [];
  private open: { blob: NewBlob; place: number } | undefined;
  private zeros: { blob: NewBlob; place: number } | undefined;
  private holeBytes = 0;

  /** @param repeats whether a chunk that comes again is stored once */
  constructor(
    private readonly known: KnownChunks,
    private readonly repeats: boolean,
  ) {}

  get extentCount(): number {
    return this.extents.length;
  }

  /** The next chunk of the file. */
  add(id: string, bytes: Uint8Array): void {
    const size = bytes.length;
    if (id === HOLE_ID && this.repeats) return this.addHole(bytes);
    const known = this.known.get(id);
    const own = this.own.get(id);
    if (known?.size === size) this.addExtent(this.placeOf(known.blob), known.offset, size);
    else if (own?.size === size) this.addExtent(own.blob, own.offset, size);
    else this.addNew(id, bytes);
  }

  finish(): Pick<StoredFile, 'blobs' | 'extents'> {
    this.close();
    if (this.zeros) this.zeros.blob.digest = digestOf(this.zeros.blob.hash);
    // Two new blobs may have come out the same: each is named once.
    const blobs = [...new Map(this.held.map((blob) => [blob.digest, blob])).values()];
    const places = new Map(blobs.map(({ digest }, place) => [digest, place]));
    return {
      blobs: blobs.map(({ digest, size }) => ({ digest, size })),
      extents: this.extents.map(([blob, offset, size]) => [places.get(this.held[blob]!.digest)!, offset, size]),
    };
  }

  /** Never out of what is known: one place of that, again and again, would be an extent for each. */
  private addHole(bytes: Uint8Array): void {
    const size = bytes.length;
    this.holeBytes += size;
    if (!this.zeros) {
      const blob: NewBlob = { digest: '', size, hash: createHash('sha256').update(bytes) };
      this.zeros = { blob, place: this.held.push(blob) - 1 };
    }
    const { blob, place } = this.zeros;
    const last = this.extents.at(-1);
    if (!last || last[0] !== place) return this.addExtent(place, 0, size);
    // Only behind an extent that has all of it: so it is in the file as a whole.
    const mayGrow = blob.size + size <= MOST_BLOB_BYTES && blob.size * HOLES_OF_ONE < this.holeBytes;
    if (last[2] === blob.size && mayGrow) {
      blob.hash.update(bytes);
      blob.size += size;
    }
    if (last[2] + size <= blob.size) last[2] += size;
    else this.extents.push([place, 0, size]);
  }

  private addNew(id: string, bytes: Uint8Array): void {
    if (this.open && this.open.blob.size + bytes.length > MOST_BLOB_BYTES) this.close();
    if (!this.open) {
      const blob: NewBlob = { digest: '', size: 0, hash: createHash('sha256') };
      this.open = { blob, place: this.held.push(blob) - 1 };
    }
    const { blob, place } = this.open;
    this.addExtent(place, blob.size, bytes.length);
    if (this.repeats) this.own.set(id, { blob: place, offset: blob.size, size: bytes.length });
    blob.hash.update(bytes);
    blob.size += bytes.length;
  }

  private addExtent(blob: number, offset: number, size: number): void {
    const last = this.extents.at(-1);
    if (last && last[0] === blob && last[1] + last[2] === offset) last[2] += size;
    else this.extents.push([blob, offset, size]);
  }

  private placeOf(blob: StoredFile['blobs'][number]): number {
    const place = this.places.get(blob.digest) ?? this.held.push(blob) - 1;
    this.places.set(blob.digest, place);
    return place;
  }

  private close(): void {
    if (this.open) this.open.blob.digest = digestOf(this.open.blob.hash);
    this.open = undefined;
  }
}

function digestOf(hash: Hash): Digest {
  return `sha256:${hash.digest('hex')}`;
}
