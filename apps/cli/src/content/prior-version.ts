import type { Manifest } from '@muster/contracts/agent/content.js';
import type { DownloadResponse } from '@muster/contracts/agent/upload.js';
import { digestOfBytes, type Digest } from '@muster/contracts/digest.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import { type Agent, request } from 'undici';
import type { ApiClient } from '../api/api-client.js';
import { reasonOf } from '../errors/cli-error.js';
import { readChunkList } from './chunks/chunk-list.js';
import { addKnownChunks, type ChunkPlace, type KnownChunks } from './chunks/known-chunks.js';

/** What the newest version of some content has of large files: what did not change is not sent again. */
export interface PriorVersion {
  /** How it is stored, for the same bytes. */
  find(digest: Digest, size: number): Manifest['files'][number]['stored'];
  /** The chunks of all its large files; read once, when first asked for. */
  chunks(): Promise<KnownChunks>;
}

/** Nothing to compare with. */
export const noPriorVersion: PriorVersion = { find: () => undefined, chunks: () => Promise.resolve(new Map()) };

/** Chunk lists of a file of a terabyte; more is not read into memory. */
const MOST_LIST_BYTES = 512 * 1024 * 1024;

/**
 * The newest version of some content that is complete.
 *
 * @param onNotice told when a list of chunks cannot be read: then that file is compared with nothing, and sent as a whole
 */
export async function readPriorVersion(
  client: ApiClient,
  { kind, name }: ContentReference,
  agent: Agent,
  onNotice: (text: string) => void,
): Promise<PriorVersion> {
  const { newestVersion, versions } = (await client.get(CONTENT_RESOURCES[kind], name)).status;
  // The bytes that would be reused may be at that site only.
  if (versions.find(({ version }) => version === newestVersion)?.source !== undefined) return noPriorVersion;
  const address = `/api/v1/${CONTENT_RESOURCES[kind].plural}/${encodeURIComponent(name)}/versions/${newestVersion}`;
  const files = newestVersion === undefined ? [] : (await client.json<Manifest>('GET', `${address}/manifest`)).files;
  const large = files.filter(({ stored }) => stored !== undefined);
  const byDigest = new Map(large.map((file) => [file.digest, file]));

  async function readChunks(): Promise<KnownChunks> {
    const known = new Map<string, ChunkPlace>();
    for (const { path, stored } of byDigest.values()) {
      const list = stored?.chunks;
      if (!stored || !list || list.size > MOST_LIST_BYTES) continue;
      try {
        const chunks = readChunkList(await readBlob(list.digest));
        if (chunks) addKnownChunks(known, stored, chunks);
      } catch (error) {
        onNotice(`${path} of version ${newestVersion} cannot be compared, it counts as new: ${reasonOf(error)}`);
      }
    }
    return known;
  }

  async function readBlob(digest: Digest): Promise<Buffer> {
    const { downloads } = await client.json<DownloadResponse>('POST', `${address}/downloads`, {
      body: { files: [digest] },
      repeatable: true,
    });
    const answer = await request(downloads[0]?.url ?? '', { dispatcher: agent, bodyTimeout: 60_000 });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    if (answer.statusCode !== 200) throw new Error(`the store answered ${answer.statusCode}`);
    if (digestOfBytes(bytes) !== digest) throw new Error('the library has other bytes');
    return bytes;
  }

  let chunks: Promise<KnownChunks> | undefined;
  return {
    find(digest, size) {
      const file = byDigest.get(digest);
      return file?.size === size ? file.stored : undefined;
    },
    chunks: () => (chunks ??= readChunks()),
  };
}
