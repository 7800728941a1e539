import { open, stat } from 'node:fs/promises';
import type { uploadResponseSchema } from '@muster/contracts/agent/upload.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { PrestagedContentPlan } from '@muster/contracts/kinds/prestaged-content.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import { Agent } from 'undici';
import type { z } from 'zod';
import type { ApiClient } from '../api/api-client.js';
import { contentKind } from '../content/content-name.js';
import { inParallel } from '../content/in-parallel.js';
import { ExpiredUploadError, putBlob } from '../content/put-file.js';
import type { LocalFile } from '../content/walk-folder.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { digestOfRange, type PrestagedArchive } from './read-archive.js';

type Content = PrestagedArchive['contents'][number];
type Uploads = PrestagedContentPlan['uploads'];

const uploadsAtOnce = 6;
const plans = 5;

export interface ImportedContent {
  readonly blobsSent: number;
  readonly bytesSent: number;
}

/**
 * Brings one content of a prestaged content file to a point. What is there already is not sent.
 *
 * @throws CliError `prestage.damaged` when bytes in the file are not what they have to be, and those of an upload
 */
export async function importAtPoint(
  client: ApiClient,
  archive: PrestagedArchive,
  { manifest }: Content,
  point: string,
  onProgress: (bytesDone: number, bytes: number) => void,
): Promise<ImportedContent> {
  const path = `/api/v1/distribution-points/${encodeURIComponent(point)}/prestaged-content`;
  const ask = { body: { manifest }, repeatable: true, timeoutSeconds: 0 };
  const sent = await sendAll(archive, () => client.json<PrestagedContentPlan>('POST', path, ask), onProgress);
  await client.json('POST', `${path}/commit`, ask);
  return sent;
}

/**
 * Makes a content that the site does not have, as the file says it is. False: the site has it, or the file is too old to say.
 */
export async function makeMissing(client: ApiClient, { kind, name, document }: Content): Promise<boolean> {
  const resource = contentKind({ kind, name });
  if (!document || (await client.find(resource, name))) return false;
  const { spec, ...about } = document;
  await client.apply(resource, { apiVersion: API_VERSION, kind, metadata: { name, ...about }, spec });
  return true;
}

/** Brings one content of a prestaged content file into the library of a site, as a version of what exists there under its name. */
export async function importIntoLibrary(
  client: ApiClient,
  archive: PrestagedArchive,
  content: Content,
  onProgress: (bytesDone: number, bytes: number) => void,
): Promise<ImportedContent & { version: number }> {
  const path = `/api/v1/${contentKind(content).plural}/${encodeURIComponent(content.name)}/versions`;
  let version = 0;
  const plan = async (): Promise<{ uploads: Uploads }> => {
    const answer = await client.json<z.infer<typeof uploadResponseSchema>>('POST', path, {
      body: { files: content.files.files },
      repeatable: true,
      timeoutSeconds: 0,
    });
    ({ version } = answer);
    return answer;
  };
  const sent = await sendAll(archive, plan, onProgress);
  await client.json('POST', `${path}/${version}/commit`, { repeatable: true, timeoutSeconds: 0 });
  return { ...sent, version };
}

async function sendAll(
  archive: PrestagedArchive,
  plan: () => Promise<{ uploads: Uploads }>,
  onProgress: (bytesDone: number, bytes: number) => void,
): Promise<ImportedContent> {
  const { size, mtimeMs } = await stat(archive.path);
  const file: LocalFile = { source: archive.path, path: archive.path, size, executable: false, modifiedAt: mtimeMs };
  const names = new Map(
    archive.contents.flatMap(({ files }) => blobsOf(files).map(({ digest, path }) => [digest, path])),
  );
  const sent = new Map<Digest, number>();
  const agent = new Agent({ keepAliveTimeout: 4_000 });
  const handle = await open(archive.path, 'r');
  try {
    for (let asked = 1; ; asked += 1) {
      const uploads = (await plan()).uploads.filter(({ digest }) => !sent.has(digest));
      const announcedAt = performance.now();
      const bytes = uploads.reduce((sum, one) => sum + one.size, 0);
      let bytesDone = 0;
      try {
        await inParallel(uploads, uploadsAtOnce, async ({ digest, size: blobSize, url }) => {
          const offset = archive.blobs.get(digest) ?? 0;
          if ((await digestOfRange(handle, offset, blobSize)) !== digest)
            throw damaged(archive.path, names.get(digest) ?? digest, offset);
          await putBlob({ file, size: blobSize, source: [{ offset, size: blobSize }] }, url, {
            agent,
            announcedAt,
            onBytes: (count) => onProgress((bytesDone += count), bytes),
          });
          sent.set(digest, blobSize);
        });
        return { blobsSent: sent.size, bytesSent: [...sent.values()].reduce((sum, one) => sum + one, 0) };
      } catch (error) {
        if (!(error instanceof ExpiredUploadError) || asked === plans) throw error;
      }
    }
  } finally {
    await handle.close();
    await agent.destroy();
  }
}

function damaged(path: string, member: string, offset: number): CliError {
  return new CliError(
    'prestage.damaged',
    `the bytes of ${member} in ${path} (byte ${offset}) are not what was exported: copy the file again`,
    EXIT_CODES.invalidDocument,
  );
}
