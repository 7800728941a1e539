import { join } from 'node:path';
import type { Digest } from '@muster/contracts/digest.js';
import { makeFolder } from '../journal/make-folder.js';
import { removeLeftovers } from '../identity/durable-files.js';

/** Where content is kept below `cache/`. */
export class ContentFolders {
  constructor(private readonly root: string) {
    for (const name of ['manifests', 'blobs/sha256', 'partial', 'packages']) makeFolder(join(root, name));
    removeLeftovers(join(root, 'manifests'));
  }

  manifest(digest: Digest): string {
    return join(this.root, 'manifests', `${hexOf(digest)}.json`);
  }

  /** A whole file whose bytes were verified when they came. */
  blob(digest: Digest): string {
    return join(this.root, 'blobs', 'sha256', hexOf(digest));
  }

  /** The beginning of a file, to be continued. */
  partial(digest: Digest): string {
    return join(this.root, 'partial', hexOf(digest));
  }

  /** The files of a version under their names. */
  package(manifest: Digest): string {
    return join(this.root, 'packages', hexOf(manifest));
  }
}

/** The 64 hex digits of a digest, for file names. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
