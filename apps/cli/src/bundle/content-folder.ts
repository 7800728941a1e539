import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { storageOf, withoutStorage } from '@muster/contracts/agent/manifest-blobs.js';
import type { DownloadResponse } from '@muster/contracts/agent/upload.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { Agent, request } from 'undici';
import type { ApiClient } from '../api/api-client.js';
import { contentKind } from '../content/content-name.js';
import { inParallel } from '../content/in-parallel.js';
import type { LocalFile } from '../content/walk-folder.js';
import { CliError, reasonOf, systemCode } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import type { ContentManifest } from './bundle-model.js';

type ContentFile = ContentManifest['files'][number];

const parallelDownloads = 4;
const attempts = 4;
/** Addresses are good for a quarter of an hour: only as many at once as are fetched soon. */
const addressesAtOnce = 100;
const digestsPerQuestion = 500;

/** The folder beside an archive: `x.zip` has its content in `x_files`. */
export function contentFolder(archive: string): string {
  return `${archive.replace(/\.zip$/i, '')}_files`;
}

/**
 * Brings the files of a version into a folder, each named by its SHA-256, proven while they arrive. Those that are there stay. What
 * comes back says nothing of how this site stores them.
 */
export async function downloadVersion(
  client: ApiClient,
  content: ContentReference,
  version: number,
  folder: string,
  onBytes: (bytes: number) => void,
): Promise<ContentFile[]> {
  const { plural } = contentKind(content);
  const address = `/api/v1/${plural}/${encodeURIComponent(content.name)}/versions/${version}`;
  const { files } = await client.json<ContentManifest>('GET', `${address}/manifest`);
  makeFolder(folder);
  const unique = [...new Map(files.map((file) => [file.digest, file])).values()];
  const wanted: ContentFile[] = [];
  for (const file of unique) if (!(await isThere(folder, file))) wanted.push(file);
  const agent = new Agent({ keepAliveTimeout: 4_000 });
  try {
    for (let at = 0; at < wanted.length; at += addressesAtOnce) {
      const part = wanted.slice(at, at + addressesAtOnce);
      const digests = [...new Set(part.flatMap((file) => storageOf(file).blobs.map(({ digest }) => digest)))];
      const urls = await addressesOf(client, `${address}/downloads`, digests);
      await inParallel(part, parallelDownloads, async (file) => {
        await fetchFile(file, urls, join(folder, hexOf(file)), agent);
        onBytes(file.size);
      });
    }
  } finally {
    await agent.destroy();
  }
  return withoutStorage({ files }).files;
}

async function addressesOf(client: ApiClient, path: string, digests: readonly string[]): Promise<Map<string, string>> {
  const urls = new Map<string, string>();
  for (let at = 0; at < digests.length; at += digestsPerQuestion) {
    const body = { files: digests.slice(at, at + digestsPerQuestion) };
    const { downloads } = await client.json<DownloadResponse>('POST', path, { body, repeatable: true });
    for (const { digest, url } of downloads) urls.set(digest, url);
  }
  return urls;
}

/**
 * The files of some content as they lie beside an archive, every byte proven.
 *
 * @throws CliError `bundle.files-missing`, `bundle.file-tampered`
 */
export async function provenFiles(folder: string, files: readonly ContentFile[]): Promise<LocalFile[]> {
  const proven = new Set<string>();
  for (const file of files) {
    if (proven.has(file.digest)) continue;
    const source = join(folder, hexOf(file));
    if (!existsSync(source))
      throw new CliError(
        'bundle.files-missing',
        `${source} (${file.path}) is missing: the folder ${folder} travels with its archive`,
        EXIT_CODES.invalidDocument,
      );
    if (!(await isThere(folder, file)))
      throw new CliError(
        'bundle.file-tampered',
        `${source} (${file.path}) is not what was exported: its SHA-256 is not its name`,
        EXIT_CODES.invalidDocument,
      );
    proven.add(file.digest);
  }
  return files.map((file) => ({
    source: join(folder, hexOf(file)),
    path: file.path,
    size: file.size,
    executable: file.executable ?? false,
    ...(file.pack ? { pack: file.pack } : {}),
    modifiedAt: statSync(join(folder, hexOf(file))).mtimeMs,
  }));
}

async function isThere(folder: string, file: ContentFile): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(join(folder, hexOf(file)), { highWaterMark: 1024 * 1024 }))
      hash.update(chunk as Buffer);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw new CliError('bundle.file-not-readable', `cannot read content: ${reasonOf(error)}`, EXIT_CODES.failed);
  }
  return hash.digest('hex') === hexOf(file);
}

/** Fetches a file extent by extent, each continued where a broken connection left it, and proves the whole. */
async function fetchFile(
  file: ContentFile,
  urls: ReadonlyMap<string, string>,
  target: string,
  agent: Agent,
): Promise<void> {
  const draft = `${target}.${process.pid}.tmp`;
  try {
    const hash = createHash('sha256');
    const out = await open(draft, 'w');
    try {
      const { blobs, extents } = storageOf(file);
      for (const [blob, offset, size] of extents) {
        await fetchExtent(urls.get(blobs[blob]!.digest) ?? '', offset, size, agent, async (chunk) => {
          hash.update(chunk);
          for (let done = 0; done < chunk.length;) done += (await out.write(chunk, done)).bytesWritten;
        });
      }
    } finally {
      await out.close();
    }
    if (hash.digest('hex') !== hexOf(file)) throw new Error('the bytes of the store are not those of the version');
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    const message = `${file.path} could not be downloaded: ${reasonOf(error)}`;
    throw new CliError('export.download-failed', message, EXIT_CODES.failed, { cause: error });
  }
}

async function fetchExtent(
  url: string,
  offset: number,
  size: number,
  agent: Agent,
  onChunk: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  let done = 0;
  for (let attempt = 1; done < size; attempt++) {
    let writing = false;
    try {
      const range = `bytes=${offset + done}-${offset + size - 1}`;
      const response = await request(url, {
        dispatcher: agent,
        headers: { range },
        headersTimeout: 60_000,
        bodyTimeout: 60_000,
      });
      if (response.statusCode !== 206) {
        await response.body.dump();
        throw new Error(`the store answered ${response.statusCode}`);
      }
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        done += chunk.length;
        if (done > size) throw new Error(`the store sent more than the ${size} bytes that were asked for`);
        writing = true;
        await onChunk(chunk);
        writing = false;
      }
      if (done < size) throw new Error(`the store sent ${done} of ${size} bytes`);
    } catch (error) {
      if (writing || done > size || attempt >= attempts) throw error;
    }
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new CliError('export.not-writable', `cannot make ${folder}: ${reasonOf(error)}`, EXIT_CODES.failed);
  }
}

function hexOf({ digest }: ContentFile): string {
  return digest.slice('sha256:'.length);
}
