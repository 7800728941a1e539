import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Replicas } from '@muster/service/replication/replicas.js';
import { CONTENT_VERSION, versionKey, type SharedVersion } from './content-version.js';
import type { SiteVersionRepository } from './site-version.repository.js';

/** Tells other sites of versions, in the transaction that makes or drops them. */
export class VersionLog {
  constructor(
    readonly here: string,
    private readonly replicas: Replicas,
    private readonly versions: SiteVersionRepository,
  ) {}

  /** A version of this site can be had. */
  async made(
    tx: Transaction,
    content: ContentReference,
    version: number,
    { manifest, files, bytes, createdAt }: SharedVersion,
  ): Promise<void> {
    const key = versionKey({ content, version, source: this.here });
    await this.record(tx, key, { manifest, files, bytes, createdAt });
  }

  /** A version of this site is deleted, and the others stay. */
  async versionDeleted(tx: Transaction, content: ContentReference, version: number): Promise<void> {
    await this.record(tx, versionKey({ content, version, source: this.here }), null);
  }

  /** Content is deleted here, with all of its versions that are known. */
  async contentDeleted(tx: Transaction, content: ContentReference): Promise<void> {
    for (const key of await this.versions.recordedKeys(tx, content)) await this.record(tx, key, null);
  }

  private record(tx: Transaction, key: string, document: SharedVersion | null): Promise<void> {
    return this.replicas.log?.record(tx, CONTENT_VERSION, key, document) ?? Promise.resolve();
  }
}
