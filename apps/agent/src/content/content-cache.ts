import { existsSync } from 'node:fs';
import { type ContentFault, type ContentReach, type Manifest, ON_ITS_WAY } from '@muster/contracts/agent/content.js';
import type { ManifestBlob } from '@muster/contracts/agent/manifest-blobs.js';
import { clocksOfRefusal } from '@muster/contracts/agent/refused-address.js';
import { canonicalJson, type Digest, digestOf } from '@muster/contracts/digest.js';
import type { Logger } from 'pino';
import type { Dispatcher } from 'undici';
import { backoffSeconds, pause } from '../http/backoff.js';
import { ServerError } from '../http/server-error.js';
import type { ContentLocations } from '../http/site-api.js';
import { withoutQuery } from '../http/transport.js';
import { describeError } from '../identity/agent-error.js';
import { replaceFile } from '../identity/durable-files.js';
import { systemCode } from '../journal/journal-error.js';
import { ContentError } from '../runner/content-provider.js';
import { BadCopies, type ContentSource, sourcesOf } from './bad-copies.js';
import { bytesOfFiles } from './cache-contents.js';
import { CacheRoom, type CacheRoomOptions } from './cache-room.js';
import { ContentFolders } from './content-folders.js';
import { download, type DownloadResult } from './download.js';
import { inParallel } from './in-parallel.js';
import { HeldContent } from './held-content.js';
import { isPackageFolder, layOut, WrongFileError } from './package-folder.js';
import { readManifest } from './read-manifest.js';

const parallelDownloads = 4;
/** Of content-locations and content-faults. */
const filesPerQuestion = 500;
/** Times that locations are asked for and all URLs tried, before content counts as unavailable. */
const rounds = 6;

/** Times that the site is asked before a run begins: whether to wait is for others to say. */
const questionsAtPreflight = 3;

/** Who knows where content is. */
export interface ContentLocator {
  contentLocations(
    manifest: Digest,
    files: readonly Digest[] | undefined,
    signal: AbortSignal,
    reach?: ContentReach,
    attemptsLeft?: number,
  ): Promise<ContentLocations>;
  /** Tells of bad copies, so that the site looks at them and repairs them. */
  contentFaults(faults: readonly ContentFault[], signal: AbortSignal): Promise<void>;
}

interface WantedContent {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly reach: ContentReach | undefined;
}

export interface ContentCacheOptions extends CacheRoomOptions {
  readonly folder: string;
  readonly locator: ContentLocator;
  readonly dispatcher: Dispatcher;
  /** Factor on the pauses between rounds; tests make it small. Default 1. */
  readonly patience?: number | undefined;
}

/**
 * Content on this computer. Nothing is used that was not verified: the manifest by its digest, every file while it comes,
 * and again in the package folder each time a step asks for it.
 */
export class ContentCache {
  private readonly folders: ContentFolders;
  private readonly room: CacheRoom;

  constructor(private readonly options: ContentCacheOptions) {
    this.folders = new ContentFolders(options.folder).open();
    if (options.megabytes !== Infinity) this.folders.noteLimit(options.megabytes);
    this.room = new CacheRoom(this.folders, options);
  }

  /**
   * The folder with exactly the files of a manifest. What is here and right is not fetched again.
   * @param reach which points the deployment allows; undefined: all
   * @throws ContentError `content.manifest-mismatch`, `content.blob-damaged`, `content.digest-mismatch`, `content.download-failed`, `content.no-space`,
   * `content.larger-than-cache`, `content.cache-full`;
   * ServerError when the site cannot be asked; the signal's reason when aborted
   */
  async provide(manifestDigest: Digest, logger: Logger, signal: AbortSignal, reach?: ContentReach): Promise<string> {
    try {
      const manifest = await this.manifest(manifestDigest, signal, reach);
      const folder = this.folders.package(manifestDigest);
      await this.room.make(new Map([[manifestDigest, manifest]]), logger);
      if (await isPackageFolder(folder, manifest, signal)) return folder;
      await this.assemble(folder, { digest: manifestDigest, manifest, reach }, logger, signal);
      await this.room.settle(manifestDigest, manifest);
      return folder;
    } catch (error) {
      if (systemCode(error) !== 'ENOSPC') throw error;
      throw new ContentError('content.no-space', `the disk of ${this.options.folder} is full`, { cause: error });
    }
  }

  /** For content that is not kept: a place of its own inside this one, as large as the disk. */
  passing(): { readonly folder: string; readonly cache: ContentCache } {
    const folder = this.folders.passing;
    const unlimited = { megabytes: Infinity, needed: undefined, settings: undefined };
    return { folder, cache: new ContentCache({ ...this.options, folder, ...unlimited }) };
  }

  /** Was this version laid out here? What became of its files since is looked at when a step asks for it. */
  has(manifest: Digest): boolean {
    return existsSync(this.folders.manifest(manifest)) && existsSync(this.folders.package(manifest));
  }

  /**
   * Asks the site once whether a version can be had now; what it says is not kept, but for the list of files.
   * @throws ContentError `content.removed`, `content.on-its-way`, `content.no-location`, `content.manifest-mismatch`; the signal's reason when aborted
   */
  async locate(manifest: Digest, signal: AbortSignal, reach?: ContentReach): Promise<void> {
    let located: ContentLocations;
    try {
      located = await this.options.locator.contentLocations(manifest, undefined, signal, reach, questionsAtPreflight);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ServerError)) throw error;
      const isComing = error.code === ON_ITS_WAY;
      const code = isComing ? ON_ITS_WAY : error.status === 404 ? 'content.removed' : 'content.no-location';
      throw new ContentError(code, `${error.code}: ${error.message}`, { cause: error });
    }
    this.keepManifest(manifest, located.manifest);
    const nowhere = located.locations.find(({ urls }) => urls.length === 0);
    if (nowhere) throw new ContentError('content.no-location', `no point has the file ${nowhere.digest}`);
  }

  /**
   * Makes room for versions together, before the first byte of them comes.
   * @param promised versions that will come later and must find room beside them
   * @throws ContentError `content.larger-than-cache`, `content.cache-full`
   */
  async makeRoom(wanted: readonly Digest[], promised: readonly Digest[], logger: Logger): Promise<void> {
    const listed = (digests: readonly Digest[]): [Digest, Manifest][] =>
      digests.flatMap((digest) => {
        const manifest = readManifest(this.folders.manifest(digest), digest);
        return manifest ? [[digest, manifest]] : [];
      });
    const coming = listed(promised.filter((digest) => !this.has(digest) && !wanted.includes(digest)));
    const promisedBytes = coming.reduce((bytes, [, manifest]) => bytes + bytesOfFiles(manifest), 0);
    await this.room.make(new Map(listed(wanted)), logger, promisedBytes);
  }

  private async assemble(folder: string, wanted: WantedContent, logger: Logger, signal: AbortSignal): Promise<void> {
    const { digest: manifestDigest, manifest } = wanted;
    const held = await HeldContent.read(this.folders, manifestDigest, manifest);
    for (let tries = 1; ; tries += 1) {
      await this.fetchMissing(wanted, held, logger, signal);
      try {
        await layOut(folder, manifest, (...extent) => held.find(...extent), signal);
        return;
      } catch (error) {
        if (!(error instanceof WrongFileError)) throw error;
        await held.doubt(error.file, signal);
        if (tries > manifest.files.length + 1) {
          throw new ContentError('content.blob-damaged', `${error.message}: is the disk of ${folder} sound?`);
        }
        const { path, digest } = error.file;
        logger.warn({ code: 'content.blob-damaged', file: path, digest }, 'fetched again');
      }
    }
  }

  private async manifest(digest: Digest, signal: AbortSignal, reach: ContentReach | undefined): Promise<Manifest> {
    const path = this.folders.manifest(digest);
    const known = readManifest(path, digest);
    if (known) return known;
    const { manifest } = await this.options.locator.contentLocations(digest, undefined, signal, reach);
    this.keepManifest(digest, manifest);
    return manifest;
  }

  private keepManifest(digest: Digest, manifest: Manifest): void {
    if (digestOf(manifest) !== digest) {
      const message = `the site sent another manifest than the ${digest} that the policy names`;
      throw new ContentError('content.manifest-mismatch', message);
    }
    const path = this.folders.manifest(digest);
    if (!readManifest(path, digest)) replaceFile(path, canonicalJson(manifest));
  }

  private async fetchMissing(
    { digest: manifest, reach }: WantedContent,
    held: HeldContent,
    logger: Logger,
    signal: AbortSignal,
  ): Promise<void> {
    let missing = await held.missing();
    let failure = '';
    const bad = new BadCopies(manifest);
    for (let round = 1; missing.length > 0; round += 1) {
      if (round > rounds) throw new ContentError(codeOf(failure), failure);
      if (round > 1) {
        await pause(backoffSeconds(round - 1, 0.5, 8, Math.random()) * (this.options.patience ?? 1), signal);
        signal.throwIfAborted();
      }
      for (let start = 0; start < missing.length; start += filesPerQuestion) {
        const some = missing.slice(start, start + filesPerQuestion);
        const located = await this.options.locator.contentLocations(
          manifest,
          some.map(({ digest }) => digest),
          signal,
          reach,
        );
        const sources = sourcesOf(located);
        const locatedAt = performance.now();
        await inParallel(some, parallelDownloads, signal, async (blob, stop) => {
          const from = { sources: sources.get(blob.digest) ?? [], locatedAt };
          failure = (await this.fetchBlob(blob, from, bad, logger, stop)) ?? failure;
        });
        await this.tell(bad, logger, signal);
      }
      missing = await held.missing();
    }
  }

  /** The site is told when it can be: content that came from elsewhere does not wait for that, and audits find bad copies too. */
  private async tell(bad: BadCopies, logger: Logger, signal: AbortSignal): Promise<void> {
    const faults = bad.take(filesPerQuestion);
    if (faults.length === 0) return;
    try {
      await this.options.locator.contentFaults(faults, signal);
      logger.info({ faults: faults.length }, 'the site was told of bad copies');
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = describeError(error);
      logger.warn({ code, reason: message, faults: faults.length }, 'the site could not be told of bad copies');
    }
  }

  /** Tries the sources, those with a bad copy last. Undefined when the blob is here, else `code: why`. */
  private async fetchBlob(
    file: ManifestBlob,
    { sources, locatedAt }: { readonly sources: readonly ContentSource[]; readonly locatedAt: number },
    bad: BadCopies,
    logger: Logger,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    let failure = `content.download-failed: ${file.path} (${file.digest}) is on no distribution point that the site names`;
    for (const source of bad.order(file.digest, sources)) {
      const { url, point } = source;
      const where = withoutQuery(url);
      let result = await this.downloadFrom(url, file, signal);
      // The wrong bytes may be those that another source had sent before: once more, from the beginning.
      if (result.kind === 'bad' && result.resumed) result = await this.downloadFrom(url, file, signal);
      if (result.kind === 'done') return undefined;
      if (result.kind === 'bad') bad.note(file.digest, source, result.problem);
      const code =
        result.kind === 'bad' && result.problem === 'wrong-bytes'
          ? 'content.digest-mismatch'
          : 'content.download-failed';
      const message =
        result.kind === 'expired'
          ? (clocksOfRefusal(url, result.date, (performance.now() - locatedAt) / 1000) ?? 'the address has expired')
          : result.message;
      logger.warn(
        { code, file: file.path, digest: file.digest, point, url: where, reason: message },
        'content source not used',
      );
      failure = `${code}: ${file.path} (${file.digest}) from ${where}: ${message}`;
    }
    return failure;
  }

  private downloadFrom(url: string, { digest, size }: ManifestBlob, signal: AbortSignal): Promise<DownloadResult> {
    if (!/^https?:\/\//.test(url)) return Promise.resolve({ kind: 'failed', message: 'not an http address' });
    const { dispatcher } = this.options;
    const [partial, target] = [this.folders.partial(digest), this.folders.blob(digest)];
    return download({ url, digest, size, partial, target, dispatcher, signal });
  }
}

function codeOf(failure: string): string {
  return failure.slice(0, failure.indexOf(':'));
}
