import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ReplicatedKind } from '@muster/replication/replicated-kind.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { FolderRepository } from './folder.repository.js';
import { withFoldersAround } from './folder-paths.js';

/** Lets all sites have the same folders, empty ones too. A folder is its path and has nothing else to say. */
@Injectable()
export class ReplicatedFolder implements ReplicatedKind, OnModuleInit {
  readonly kind = 'Folder';
  readonly schemaVersion = 1;

  constructor(
    @Inject(Replicas) private readonly replicas: Replicas,
    @Inject(FolderRepository) private readonly folders: FolderRepository,
  ) {}

  onModuleInit(): void {
    this.replicas.add(this);
  }

  understand(): unknown {
    return {};
  }

  /** Throws MusterError `folder.not-empty`: what another site deleted is in use here; it waits until it is not. */
  async use(tx: Transaction, path: string, content: unknown, actor: string): Promise<void> {
    if (content !== null) return this.folders.ensure(tx, withFoldersAround(path), actor);
    if (!(await this.folders.lock(tx, path))) return;
    const { folders, sequences } = await this.folders.contents(tx, path, 1);
    if (folders.length + sequences.length > 0)
      throw new MusterError('conflict', 'folder.not-empty', `The folder "${path}" is not empty at this site`);
    await this.folders.remove(tx, path);
  }

  /** Folders were made or deleted here, in this transaction. */
  async record(tx: Transaction, paths: readonly string[], exists: boolean): Promise<void> {
    for (const path of paths) await this.replicas.record(tx, this, path, exists ? {} : null);
  }

  /** Among them those that a sequence made by being saved into them. */
  async unrecorded(tx: Transaction, limit: number): Promise<{ key: string; content: unknown }[]> {
    const paths = await this.folders.untold(tx, this.kind, limit);
    return paths.map((key) => ({ key, content: {} }));
  }
}
