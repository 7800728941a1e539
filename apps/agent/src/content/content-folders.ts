import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '@muster/contracts/digest.js';
import { makeFolder } from '../journal/make-folder.js';
import { readIfPresent, removeLeftovers, replaceFile } from '../identity/durable-files.js';

/** Where content is kept below `cache/`. */
export class ContentFolders {
  readonly manifests: string;
  readonly blobs: string;
  readonly partials: string;
  readonly packages: string;
  /** What passes the cache by: the content of one step. */
  readonly passing: string;

  private readonly limit: string;

  /** Names the folders; touches nothing. */
  constructor(readonly root: string) {
    this.manifests = join(root, 'manifests');
    this.blobs = join(root, 'blobs', 'sha256');
    this.partials = join(root, 'partial');
    this.packages = join(root, 'packages');
    this.passing = join(root, 'passing');
    this.limit = join(root, 'limit-mib');
  }

  /** Creates what is missing, and removes what a crash left half. Only for who has the state folder to itself. */
  open(): this {
    for (const path of [this.manifests, this.blobs, this.partials, this.packages]) makeFolder(path);
    removeLeftovers(this.manifests);
    rmSync(this.passing, { recursive: true, force: true });
    const known = new Set(readdirSync(this.manifests).map((name) => name.replace(/\.json$/, '')));
    for (const name of readdirSync(this.packages)) {
      if (!known.has(name)) rmSync(join(this.packages, name), { recursive: true, force: true });
    }
    return this;
  }

  /** Notes the limit of who fills the cache, so that others can tell it. Undefined: the usual one. */
  noteLimit(megabytes: number | undefined): void {
    if (megabytes === undefined) rmSync(this.limit, { force: true });
    else if (this.notedLimit() !== megabytes) replaceFile(this.limit, String(megabytes));
  }

  notedLimit(): number | undefined {
    const megabytes = Number(readIfPresent(this.limit) ?? NaN);
    return Number.isInteger(megabytes) && megabytes > 0 ? megabytes : undefined;
  }

  manifest(digest: Digest): string {
    return join(this.manifests, `${hexOf(digest)}.json`);
  }

  /** A whole file whose bytes were verified when they came. */
  blob(digest: Digest): string {
    return join(this.blobs, hexOf(digest));
  }

  /** The beginning of a file, to be continued. */
  partial(digest: Digest): string {
    return join(this.partials, hexOf(digest));
  }

  /** The files of a version under their names. */
  package(manifest: Digest): string {
    return join(this.packages, hexOf(manifest));
  }
}

/** The 64 hex digits of a digest, for file names. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
