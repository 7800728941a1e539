import type { Manifest } from '@muster/contracts/agent/content.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { DownloadResponse } from '@muster/contracts/agent/upload.js';
import type { Digest } from '@muster/contracts/digest.js';
import { contentKey, type ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { Agent, request } from 'undici';
import type { ApiClient } from '../api/api-client.js';
import { contentKind } from '../content/content-name.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import type { ArchivedDocument } from './archive-model.js';
import { type ArchivedVersion, writeArchive } from './write-archive.js';

/** Addresses are good for a quarter of an hour; those of this many blobs are asked for at once. */
const addressesAtOnce = 100;
/** After this long an address is not used any more. */
const addressMilliseconds = 10 * 60_000;

export interface ExportedContent {
  readonly versions: readonly ArchivedVersion[];
  readonly bytes: number;
  readonly resumedBytes: number;
}

/** Writes the newest complete versions of some content into a prestaged content file. @throws CliError `content.no-version`, and of {@link writeArchive} */
export async function exportContent(
  client: ApiClient,
  wanted: readonly ContentReference[],
  path: string,
  onProgress: (bytesDone: number, bytes: number) => void,
): Promise<ExportedContent> {
  const versions: ArchivedVersion[] = [];
  const distinct = new Map(wanted.map((content) => [contentKey(content), content]));
  for (const key of [...distinct.keys()].toSorted()) versions.push(await readVersion(client, distinct.get(key)!));
  const sizes = new Map(versions.flatMap(({ files }) => blobsOf(files).map(({ digest, size }) => [digest, size])));
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let bytesDone = 0;
  const agent = new Agent({ keepAliveTimeout: 4_000 });
  try {
    const addresses = new BlobAddresses(client);
    const written = await writeArchive(
      path,
      versions,
      async function* fetchBlob(version, { digest }) {
        const url = await addresses.find(version, digest);
        const answer = await request(url, { dispatcher: agent, headersTimeout: 60_000, bodyTimeout: 60_000 });
        if (answer.statusCode !== 200) {
          await answer.body.dump();
          addresses.forget();
          throw new Error(`the store answered ${answer.statusCode}`);
        }
        yield* answer.body as AsyncIterable<Buffer>;
      },
      (count) => onProgress((bytesDone += count), bytes),
    );
    return { versions, ...written };
  } finally {
    await agent.destroy();
  }
}

async function readVersion(client: ApiClient, content: ContentReference): Promise<ArchivedVersion> {
  const { kind, name } = content;
  const { metadata, spec, status } = await client.get(contentKind(content), name);
  const found = status.versions.find(({ version }) => version === status.newestVersion);
  if (!found)
    throw new CliError(
      'content.no-version',
      `${kind} "${name}" has no content yet: upload it with "muster content upload"`,
      EXIT_CODES.failed,
    );
  const files = await client.json<Manifest>('GET', `${address(content)}/${found.version}/manifest`);
  const { displayName, labels } = metadata;
  const document: ArchivedDocument = {
    ...(displayName === undefined ? {} : { displayName }),
    ...(labels === undefined ? {} : { labels }),
    spec: spec as ArchivedDocument['spec'],
  };
  return { kind, name, version: found.version, manifest: found.manifest, files, document };
}

/** Short-lived addresses of blobs, asked for in the order in which they are used. */
class BlobAddresses {
  private urls = new Map<Digest, string>();
  private askedAt = 0;

  constructor(private readonly client: ApiClient) {}

  async find(archived: ArchivedVersion, digest: Digest): Promise<string> {
    const { version, files } = archived;
    const known = this.urls.get(digest);
    if (known !== undefined && Date.now() - this.askedAt < addressMilliseconds) return known;
    const digests = blobsOf(files).map((blob) => blob.digest);
    const from = digests.indexOf(digest);
    const { downloads } = await this.client.json<DownloadResponse>(
      'POST',
      `${address(archived)}/${version}/downloads`,
      {
        body: { files: digests.slice(from, from + addressesAtOnce) },
        repeatable: true,
      },
    );
    this.urls = new Map(downloads.map((one) => [one.digest, one.url]));
    this.askedAt = Date.now();
    return this.urls.get(digest) ?? '';
  }

  forget(): void {
    this.urls.clear();
  }
}

function address(content: ContentReference): string {
  return `/api/v1/${contentKind(content).plural}/${encodeURIComponent(content.name)}/versions`;
}
