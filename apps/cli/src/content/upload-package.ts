import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { uploadRequestSchema, uploadResponseSchema } from '@muster/contracts/agent/upload.js';
import type { ContentKind } from '@muster/contracts/kinds/content-reference.js';
import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import { Agent } from 'undici';
import type { z } from 'zod';
import type { ApiClient } from '../api/api-client.js';
import { inParallel } from './in-parallel.js';
import { ExpiredUploadError, putFile } from './put-file.js';
import { type LocalFile, walkContent } from './walk-folder.js';

type UploadRequest = z.infer<typeof uploadRequestSchema>;
type UploadResponse = z.infer<typeof uploadResponseSchema>;

/** What is under way: first reading (hashing), then sending what the library does not have. */
export interface UploadProgress {
  readonly phase: 'reading' | 'sending';
  readonly bytesDone: number;
  readonly bytes: number;
}

export interface UploadOptions {
  /** What it is that gets a version. Default: a package. */
  readonly kind?: ContentKind | undefined;
  readonly signal?: AbortSignal | undefined;
  onProgress?(progress: UploadProgress): void;
}

/** A version that is complete in the library. */
export interface UploadedVersion {
  readonly version: number;
  readonly manifest: string;
  readonly files: number;
  readonly bytes: number;
  /** What had to be sent; the rest was in the library already. */
  readonly filesSent: number;
  readonly bytesSent: number;
}

const parallelReads = 2;
const parallelUploads = 4;
const announcements = 5;

/** Uploads a folder or a file as a new version of a package that exists, sending only what the library does not hold. */
export async function uploadPackage(
  client: ApiClient,
  name: string,
  root: string,
  options: UploadOptions = {},
): Promise<UploadedVersion> {
  return uploadFiles(client, name, walkContent(root), options);
}

/** The same with files that lie anywhere. */
export async function uploadFiles(
  client: ApiClient,
  name: string,
  files: readonly LocalFile[],
  options: UploadOptions = {},
): Promise<UploadedVersion> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const digests = await hashFiles(files, (bytesDone) => options.onProgress?.({ phase: 'reading', bytesDone, bytes }));
  const byDigest = new Map(files.map((file) => [digests.get(file.path) ?? '', file]));
  const request: UploadRequest = {
    files: files.map(({ path, size, executable }) => ({
      path,
      digest: digests.get(path) ?? '',
      size,
      ...(executable ? { executable } : {}),
    })),
  };
  const { plural } = CONTENT_RESOURCES[options.kind ?? 'Package'];
  const versions = `/api/v1/${plural}/${encodeURIComponent(name)}/versions`;
  const agent = new Agent({ keepAliveTimeout: 4_000 });
  const sent = new Map<string, number>();
  try {
    for (let announcement = 1; ; announcement++) {
      const answer = await client.json<UploadResponse>('POST', versions, {
        body: request,
        repeatable: true,
      });
      try {
        await sendMissing(answer, byDigest, sent, agent, options);
      } catch (error) {
        if (!(error instanceof ExpiredUploadError) || announcement === announcements) throw error;
        continue;
      }
      // The server reads every new byte again before it answers.
      await client.json('POST', `${versions}/${answer.version}/commit`, { repeatable: true, timeoutSeconds: 0 });
      const bytesSent = [...sent.values()].reduce((sum, size) => sum + size, 0);
      const { version, manifest } = answer;
      return { version, manifest, files: files.length, bytes, filesSent: sent.size, bytesSent };
    }
  } finally {
    await agent.destroy();
  }
}

async function sendMissing(
  { uploads }: UploadResponse,
  byDigest: ReadonlyMap<string, LocalFile>,
  sent: Map<string, number>,
  agent: Agent,
  options: UploadOptions,
): Promise<void> {
  const missing = uploads.filter(({ digest }) => !sent.has(digest));
  const bytes = missing.reduce((sum, { size }) => sum + size, 0);
  let bytesDone = 0;
  await inParallel(missing, parallelUploads, async ({ digest, url }) => {
    const file = byDigest.get(digest);
    if (file === undefined) return;
    await putFile(file, url, {
      agent,
      signal: options.signal,
      onBytes(count) {
        bytesDone += count;
        options.onProgress?.({ phase: 'sending', bytesDone, bytes });
      },
    });
    sent.set(digest, file.size);
  });
}

async function hashFiles(
  files: readonly LocalFile[],
  onBytes: (bytesDone: number) => void,
): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  let bytesDone = 0;
  await inParallel(files, parallelReads, async ({ source, path }) => {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(source, { highWaterMark: 1024 * 1024 })) {
      hash.update(chunk as Buffer);
      bytesDone += (chunk as Buffer).length;
      onBytes(bytesDone);
    }
    digests.set(path, `sha256:${hash.digest('hex')}`);
  });
  return digests;
}
