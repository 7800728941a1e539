import type { ManifestBlob } from '@muster/contracts/agent/manifest-blobs.js';
import { type Digest, digestOfBytes } from '@muster/contracts/digest.js';
import { inParallel } from '../stores/in-parallel.js';
import { deliver } from '../stores/deliver.js';
import { blobKey, manifestKey } from '../stores/object-names.js';
import { StoreError, type ExpectedBytes, type ObjectStore } from '../stores/object-store.js';
import { proveObject } from '../stores/prove-object.js';
import { verifiedBytes, WrongBytesError } from '../stores/verified-bytes.js';
import { confirmKnown } from './confirm-known.js';
import type { JobProgress, ProvenCopy } from './distribution-job.repository.js';
import { paced, type Pace } from './pace.js';

/** Small blobs are bound by round trips, large ones by bandwidth. */
const LARGE_BYTES = 1024 * 1024;
const SMALL_AT_ONCE = 24;
const LARGE_AT_ONCE = 4;

/** What the source has of a blob is gone or wrong. */
export class SourceBlobError extends Error {
  override name = 'SourceBlobError';

  constructor(
    readonly digest: Digest,
    path: string,
    found: string,
  ) {
    super(`copy of "${path}" (${digest}) is ${found}; nothing of it was kept at the point`);
  }
}

/** Where the bytes come from: the library, or other points. */
export interface BlobSource {
  read(digest: Digest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** The work was asked to stop, and stopped between two blobs. */
export class TransferStoppedError extends Error {
  override name = 'TransferStoppedError';
}

/** All that is left to bring is on its way to the point already, in another transfer. */
export class BroughtByOtherError extends Error {
  override name = 'BroughtByOtherError';

  constructor(
    /** Number of the other transfer. */
    readonly transfer: number,
  ) {
    super('waits for another transfer to this point that brings the same bytes');
  }
}

/** What the point has of some blobs, and what is on its way there. */
export interface BlobsAtPoint {
  /** ETags under which the point was proven to hold blobs. */
  readonly known: ReadonlyMap<Digest, string>;
  /** Blobs that it may not have yet and another transfer is about to bring, with the number of that. */
  readonly coming: ReadonlyMap<Digest, number>;
}

/** What a transfer needs, and whom it tells. */
export interface Transfer {
  manifest: Digest;
  /** The manifest's canonical JSON. */
  document: string;
  /** The blobs of the manifest. */
  blobs: readonly ManifestBlob[];
  /** For how many files each of the manifest's stands: a pack is many. */
  fileCounts: readonly number[];
  source: BlobSource;
  /** Sees to it that the library has a blob, where the bytes are at another site. */
  bringToLibrary?: ((blob: ManifestBlob, signal: AbortSignal) => Promise<void>) | undefined;
  point: ObjectStore;
  /** How things stand at the point at this moment. */
  lookAtPoint(digests: readonly Digest[]): Promise<BlobsAtPoint>;
  /** An earlier attempt may have left blobs that nobody recorded: look before bringing them. */
  isRepeated: boolean;
  /** How fast bytes may go to the point. */
  pace: Pace;
  /** Kept up to date while bytes move. */
  progress: JobProgress;
  /** An object is at the point and proven. */
  onProven(copy: ProvenCopy): void;
  /** True: begin no other blob. */
  isStopping(): boolean;
  /** Aborted: drop everything at once. */
  signal: AbortSignal;
}

/**
 * Brings a version to a point: every blob that the point does not provably hold, hashed on the way and proven on
 * arrival; at the end the manifest, which is what makes the version visible there. Resumes wherever an earlier
 * transfer ended, because blobs are named by what they are. What another transfer brings is left to it: there is the rest to bring
 * meanwhile.
 *
 * @throws StoreError, SourceBlobError, TransferStoppedError, BroughtByOtherError, what `bringToLibrary` throws, or the signal's reason
 */
export async function transferVersion(transfer: Transfer): Promise<void> {
  const { blobs } = transfer;
  const blobsLeft = countBlobsOfFiles(blobs);
  const bringAll = async (some: readonly ManifestBlob[], { known, coming }: BlobsAtPoint): Promise<ManifestBlob[]> => {
    const left = some.filter(({ digest }) => coming.has(digest) && !known.has(digest));
    const leftDigests = new Set(left.map(({ digest }) => digest));
    const now = some.filter(({ digest }) => !leftDigests.has(digest));
    const confirmed = await confirmKnown(transfer.point, now, known, transfer.signal);
    await bringEach(transfer, now, async (blob) => {
      const etag = await bringBlob(transfer, blob, known.get(blob.digest), confirmed);
      for (const file of blob.files) {
        const blobsOfFile = blobsLeft.get(file)! - 1;
        blobsLeft.set(file, blobsOfFile);
        if (blobsOfFile === 0) transfer.progress.filesDone += transfer.fileCounts[file]!;
      }
      transfer.onProven({ digest: blob.digest, etag, kind: 'blob' });
    });
    return left;
  };
  let left: readonly ManifestBlob[] = blobs;
  do {
    const before = left.length;
    const there = await transfer.lookAtPoint(left.map(({ digest }) => digest));
    left = await bringAll(left, there);
    const [first] = left;
    if (first && left.length === before) throw new BroughtByOtherError(there.coming.get(first.digest)!);
  } while (left.length > 0);
  const document = Buffer.from(transfer.document);
  const expected = { digest: transfer.manifest, size: document.length };
  const key = manifestKey(transfer.manifest);
  const etag = await deliver(transfer.point, key, expected, document, transfer.signal);
  transfer.progress.bytesMoved += document.length;
  transfer.onProven({ digest: transfer.manifest, etag, kind: 'manifest' });
}

/** Several at once. Whatever fails first is the reason; blobs under way come to their end, and no other is begun. */
async function bringEach(
  { isStopping, signal }: Transfer,
  blobs: readonly ManifestBlob[],
  bringOne: (blob: ManifestBlob) => Promise<void>,
): Promise<void> {
  let failure: { error: unknown } | undefined;
  const bring = async (blob: ManifestBlob) => {
    if (failure) return;
    try {
      if (isStopping()) throw new TransferStoppedError();
      signal.throwIfAborted();
      await bringOne(blob);
    } catch (error) {
      failure ??= { error };
    }
  };
  const small = blobs.filter(({ size }) => size < LARGE_BYTES);
  const large = blobs.filter(({ size }) => size >= LARGE_BYTES);
  await Promise.all([inParallel(small, SMALL_AT_ONCE, bring), inParallel(large, LARGE_AT_ONCE, bring)]);
  if (failure) throw failure.error;
}

/** How many blobs each file is made of, by its place in the manifest. */
function countBlobsOfFiles(blobs: readonly ManifestBlob[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { files } of blobs) for (const file of files) counts.set(file, (counts.get(file) ?? 0) + 1);
  return counts;
}

/** Returns the ETag under which the point has the blob, proven. Progress counts the bytes of files that it stands for. */
async function bringBlob(
  transfer: Transfer,
  blob: ManifestBlob,
  knownEtag: string | undefined,
  confirmed: ReadonlySet<Digest>,
): Promise<string> {
  const { source, point, progress, signal } = transfer;
  const { digest, size, path, fileBytes } = blob;
  const key = blobKey(digest);
  const expected = { digest, size };
  if (knownEtag !== undefined && confirmed.has(digest)) {
    progress.bytesDone += fileBytes;
    return knownEtag;
  }
  if (knownEtag !== undefined || transfer.isRepeated) {
    const there = await proveObject(point, key, expected, { knownEtag, signal });
    if (there.state === 'proven') {
      progress.bytesDone += fileBytes;
      return there.etag;
    }
  }
  await transfer.bringToLibrary?.(blob, signal);
  let moved = 0;
  let counted = 0;
  const count = (bytes: number) => {
    moved += bytes;
    progress.bytesMoved += bytes;
    const before = counted;
    counted = Math.round(fileBytes * (moved / Math.max(1, size)));
    progress.bytesDone += counted - before;
  };
  try {
    const read = await source.read(digest, signal);
    const bytes =
      size < LARGE_BYTES
        ? await readSmall(read, expected, transfer, count)
        : verifiedBytes(paced(read, transfer.pace, signal), expected, count);
    return await deliver(point, key, expected, bytes, signal);
  } catch (error) {
    progress.bytesDone -= counted;
    if (error instanceof WrongBytesError) throw new SourceBlobError(digest, path, `damaged (${error.found})`);
    if (error instanceof StoreError && error.kind === 'missing') throw new SourceBlobError(digest, path, 'missing');
    throw error;
  }
}

/** A small blob in one piece, verified: there are many of them, and each step between costs as much as its bytes. */
async function readSmall(
  source: AsyncIterable<Uint8Array>,
  expected: ExpectedBytes,
  { pace, signal }: Transfer,
  count: (bytes: number) => void,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of source) {
    size += piece.length;
    if (size > expected.size) throw new WrongBytesError(expected, `more than ${expected.size} bytes`);
    pieces.push(piece);
  }
  const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  await pace.pass(size, signal);
  count(size);
  const digest = digestOfBytes(bytes);
  if (size !== expected.size || digest !== expected.digest) {
    throw new WrongBytesError(expected, `${size} bytes of ${digest}`);
  }
  return bytes;
}
