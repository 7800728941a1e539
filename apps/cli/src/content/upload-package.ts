import type { uploadRequestSchema, uploadResponseSchema } from '@muster/contracts/agent/upload.js';
import type { ContentKind } from '@muster/contracts/kinds/content-reference.js';
import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import { countFiles } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import { Agent } from 'undici';
import type { z } from 'zod';
import type { ApiClient } from '../api/api-client.js';
import { inParallel } from './in-parallel.js';
import { noPriorVersion, type PriorVersion, readPriorVersion } from './prior-version.js';
import { ExpiredUploadError, putBlob } from './put-file.js';
import { type ReadFiles, readFiles, type UploadBlob } from './read-files.js';
import { findFiles } from './find-files.js';
import type { LocalFile } from './walk-folder.js';
import { writePack } from './write-pack.js';

type UploadRequest = z.infer<typeof uploadRequestSchema>;
type UploadResponse = z.infer<typeof uploadResponseSchema>;

/** What is under way: packing many small files, reading (hashing), then sending what the library does not have, then the library's proof of it. */
export interface UploadProgress {
  readonly phase: 'packing' | 'reading' | 'sending' | 'proving';
  readonly bytesDone: number;
  readonly bytes: number;
}

export interface UploadOptions {
  /** What it is that gets a version. Default: a package. */
  readonly kind?: ContentKind | undefined;
  readonly signal?: AbortSignal | undefined;
  onProgress?(progress: UploadProgress): void;
  /** Told in a sentence what is not as it should be and does not stop the upload. */
  onNotice?(text: string): void;
}

/** A version that is complete in the library. */
export interface UploadedVersion {
  readonly version: number;
  readonly manifest: string;
  readonly files: number;
  readonly bytes: number;
  /** What had to be sent; the rest was in the library already. A pack counts as one file. */
  readonly filesSent: number;
  readonly bytesSent: number;
}

/** Small blobs are bound by round trips, large ones by bandwidth. */
const smallBytes = 1024 * 1024;
const smallAtOnce = 16;
const largeAtOnce = 3;
const announcements = 5;

/** Uploads a folder or a file as a new version of a package that exists, sending only what the library does not hold. */
export async function uploadPackage(
  client: ApiClient,
  name: string,
  root: string,
  options: UploadOptions = {},
): Promise<UploadedVersion> {
  const { files, packed } = findFiles(root);
  if (!packed) return uploadFiles(client, name, files, options);
  let bytesDone = 0;
  const pack = await writePack(packed, files, (count) => {
    bytesDone += count;
    options.onProgress?.({ phase: 'packing', bytesDone, bytes: packed.bytes });
  });
  try {
    return await uploadFiles(client, name, [...files, pack.file], options);
  } finally {
    await pack.remove();
  }
}

/** The same with files that lie anywhere. */
export async function uploadFiles(
  client: ApiClient,
  name: string,
  local: readonly LocalFile[],
  options: UploadOptions = {},
): Promise<UploadedVersion> {
  const bytes = local.reduce((sum, { size }) => sum + size, 0);
  const { kind = 'Package' } = options;
  const versions = `/api/v1/${CONTENT_RESOURCES[kind].plural}/${encodeURIComponent(name)}/versions`;
  const agent = new Agent({ keepAliveTimeout: 4_000 });
  try {
    const notice = options.onNotice ?? (() => undefined);
    const read = (prior: PriorVersion): Promise<ReadFiles> => {
      let bytesDone = 0;
      return readFiles(local, prior, (count) => {
        bytesDone += count;
        options.onProgress?.({ phase: 'reading', bytesDone, bytes });
      });
    };
    let { files, blobs } = await read(await readPriorVersion(client, { kind, name }, agent, notice));
    const sent = new Map<Digest, UploadBlob>();
    for (let announcement = 1; ; announcement++) {
      const answer = await client.json<UploadResponse>('POST', versions, {
        body: { files } satisfies UploadRequest,
        repeatable: true,
        // It looks at what an upload that was broken off has left.
        timeoutSeconds: 0,
      });
      const lost = answer.uploads.find(({ digest }) => !blobs.has(digest));
      if (lost && announcement < announcements) {
        notice(`the library has lost ${lost.digest} of an older version: large files are sent as a whole`);
        ({ files, blobs } = await read(noPriorVersion));
        continue;
      }
      try {
        await sendMissing(answer, blobs, sent, agent, options);
      } catch (error) {
        if (!(error instanceof ExpiredUploadError) || announcement === announcements) throw error;
        continue;
      }
      options.onProgress?.({ phase: 'proving', bytesDone: bytes, bytes });
      // The server proves every new byte before it answers.
      await client.json('POST', `${versions}/${answer.version}/commit`, { repeatable: true, timeoutSeconds: 0 });
      const all = [...sent.values()];
      return {
        version: answer.version,
        manifest: answer.manifest,
        files: countFiles({ files }),
        bytes,
        filesSent: new Set(all.map(({ file }) => file)).size,
        bytesSent: all.reduce((sum, { size }) => sum + size, 0),
      };
    }
  } finally {
    await agent.destroy();
  }
}

async function sendMissing(
  { uploads }: UploadResponse,
  blobs: ReadonlyMap<Digest, UploadBlob>,
  sent: Map<Digest, UploadBlob>,
  agent: Agent,
  options: UploadOptions,
): Promise<void> {
  const announcedAt = performance.now();
  const missing = uploads.filter(({ digest }) => !sent.has(digest));
  const bytes = missing.reduce((sum, { size }) => sum + size, 0);
  let bytesDone = 0;
  const send = async ({ digest, url }: (typeof missing)[number]): Promise<void> => {
    const blob = blobs.get(digest);
    if (blob === undefined) return;
    await putBlob(blob, url, {
      agent,
      announcedAt,
      signal: options.signal,
      onBytes(count) {
        bytesDone += count;
        options.onProgress?.({ phase: 'sending', bytesDone, bytes });
      },
    });
    sent.set(digest, blob);
  };
  const isSmall = ({ size }: { size: number }): boolean => size < smallBytes;
  const results = await Promise.allSettled([
    inParallel(missing.filter(isSmall), smallAtOnce, send),
    inParallel(
      missing.filter((one) => !isSmall(one)),
      largeAtOnce,
      send,
    ),
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
