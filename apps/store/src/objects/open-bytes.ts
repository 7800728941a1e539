import type { Serving } from '../serving.js';
import { ObjectReader, missing } from './object-reader.js';
import { sameBlobs } from './object-store.js';
import { type ObjectPointer, sliceBlobs } from './pointer.js';

/**
 * Opens the bytes `start` to `end` (inclusive) of a pointer. They stay readable even if the object is overwritten or deleted
 * meanwhile, until the reader is closed: the first file because it is open, others because they are held.
 * @returns undefined when the pointer is outdated: its blobs have been replaced; read the pointer again
 * @throws Error when a blob's file is missing, or shorter than its pointer says: the disk lost bytes
 */
export async function openBytes(
  { coordinator, files }: Serving,
  bucket: string,
  pointer: ObjectPointer,
  start: number,
  end: number,
): Promise<ObjectReader | undefined> {
  const slices = sliceBlobs(pointer.blobs, start, end);
  let letGo = async (): Promise<void> => undefined;
  if (slices.length > 1) {
    const ids = slices.map(({ blob }) => blob.id);
    const hold = await coordinator.hold(bucket, pointer.key, ids);
    if (hold === undefined) return undefined;
    letGo = () => coordinator.release(hold);
  }
  let reader: ObjectReader | undefined;
  try {
    reader = await ObjectReader.open(files, slices, letGo);
  } finally {
    if (!reader) await letGo();
  }
  if (reader) return reader;
  const now = await coordinator.find(bucket, pointer.key);
  if (now && sameBlobs(now, pointer)) throw missing(slices[0]!.blob.id);
  return undefined;
}
