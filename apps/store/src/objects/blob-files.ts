import { copyFile, link, open, readdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeIfPresent, syncFolder } from '../folder/durable-files.js';
import type { Layout } from '../folder/layout.js';
import { systemCode } from '../start-error.js';
import { blobPath, newBlobId } from './body-files.js';

const FILES_AT_ONCE = 32;

/** File systems without hard links, and a file that has as many as it may have. */
const NO_LINK = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/**
 * The immutable byte files of a store, of which there is one for a folder. What is about to be named, and what is being read over several
 * files, is known here: nothing of it is removed, by whomever.
 */
export class BlobFiles {
  /** Blobs that are in place and that no pointer names yet. */
  private readonly unnamed = new Set<string>();
  /** Readers of each blob that is being read. */
  private readonly readers = new Map<string, number>();
  /** Removed while they were read: the last reader takes them away. */
  private readonly doomed = new Set<string>();
  /** Every blob begun since a collection began; undefined while there is none. */
  private begun: Set<string> | undefined;

  constructor(private readonly layout: Layout) {}

  /**
   * Gives the bytes of a kept blob a second name, durably, without copying them where the file system can.
   *
   * @returns the new id, which no pointer names yet; undefined when the blob has been removed
   */
  async duplicate(id: string): Promise<string | undefined> {
    const copy = newBlobId();
    this.begin(copy);
    try {
      const path = blobPath(this.layout, copy);
      try {
        await link(blobPath(this.layout, id), path);
      } catch (error) {
        if (!NO_LINK.has(systemCode(error) ?? '')) throw error;
        await this.copyDurably(id, copy);
      }
      await syncFolder(dirname(path));
      return copy;
    } catch (error) {
      this.named(copy);
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  private async copyDurably(id: string, copy: string): Promise<void> {
    const unfinished = join(this.layout.temporary, copy);
    try {
      await copyFile(blobPath(this.layout, id), unfinished);
      const handle = await open(unfinished, 'r+');
      await handle.datasync().finally(() => handle.close());
      await rename(unfinished, blobPath(this.layout, copy));
    } catch (error) {
      await removeIfPresent(unfinished);
      throw error;
    }
  }

  /** A pointer names these blobs now, or nobody ever will. */
  named(...ids: readonly string[]): void {
    for (const id of ids) this.unnamed.delete(id);
  }

  private begin(id: string): void {
    this.unnamed.add(id);
    this.begun?.add(id);
  }

  /** Moves a received file to its final name, durably. It is invisible, and nothing removes it, until `named` or `remove`. */
  async keep(id: string, unfinished: string): Promise<void> {
    this.begin(id);
    const path = blobPath(this.layout, id);
    await rename(unfinished, path);
    await syncFolder(dirname(path));
  }

  /** Removes blobs that no pointer names any more, or ever will; those that are being read, when their last reader leaves. */
  async remove(ids: readonly string[]): Promise<void> {
    this.named(...ids);
    const free = ids.filter((id) => !this.readers.has(id));
    for (const id of ids) if (this.readers.has(id)) this.doomed.add(id);
    await removeEach(free.map((id) => blobPath(this.layout, id)));
  }

  /** Keeps blobs from being removed, from now on until `leave`. It does not say that they are there. */
  enter(ids: readonly string[]): void {
    for (const id of ids) this.readers.set(id, (this.readers.get(id) ?? 0) + 1);
  }

  async leave(ids: readonly string[]): Promise<void> {
    const free: string[] = [];
    for (const id of ids) {
      const left = (this.readers.get(id) ?? 1) - 1;
      if (left > 0) this.readers.set(id, left);
      else {
        this.readers.delete(id);
        if (this.doomed.delete(id)) free.push(id);
      }
    }
    await removeEach(free.map((id) => blobPath(this.layout, id)));
  }

  /** From now on until `endCollection`, `isFree` protects every blob that a request has begun, also when it has ended. */
  beginCollection(): void {
    this.begun = new Set(this.unnamed);
  }

  endCollection(): void {
    this.begun = undefined;
  }

  /** Whether no request of now, or since the collection began, has to do with this blob. */
  isFree(id: string): boolean {
    return !this.readers.has(id) && !this.unnamed.has(id) && !this.begun?.has(id);
  }

  /** Names of the files in one shard of the blobs. */
  async inShard(shard: string): Promise<string[]> {
    return readdir(join(this.layout.blobs, shard));
  }

  /** @throws Error when one of these blobs is not on disk: no pointer may name it */
  async assertPresent(ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += FILES_AT_ONCE) {
      await Promise.all(ids.slice(at, at + FILES_AT_ONCE).map((id) => stat(blobPath(this.layout, id))));
    }
  }
}

/** A multipart object has up to 10,000 blobs. */
async function removeEach(paths: readonly string[]): Promise<void> {
  for (let at = 0; at < paths.length; at += FILES_AT_ONCE) {
    await Promise.all(paths.slice(at, at + FILES_AT_ONCE).map(removeIfPresent));
  }
}
