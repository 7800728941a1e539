import { Inject, Injectable } from '@nestjs/common';
import type { Folder, FolderList, FolderMove, FolderMoved } from '@muster/contracts/kinds/folder.js';
import type { TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import { Database, violatedConstraint, type Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import { TASK_SEQUENCES } from '../task-sequences/task-sequences.token.js';
import { FolderRepository } from './folder.repository.js';
import { isInside, withFoldersAround } from './folder-paths.js';
import { ReplicatedFolder } from './replicated-folder.js';

/** So much of what is in a folder is named when it cannot be deleted. */
const NAMED = 50;
const LONGEST_PATH = 512;

interface ChangeOptions {
  actor: string;
  dryRun: boolean;
}

/** Folders of task sequences. Saving a sequence into a folder makes it; here they are made, moved and deleted by themselves. */
@Injectable()
export class FoldersService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(FolderRepository) private readonly folders: FolderRepository,
    @Inject(TASK_SEQUENCES) private readonly store: ResourceStore<SequenceSpec, TaskSequenceStatus>,
    @Inject(ReplicatedFolder) private readonly replicated: ReplicatedFolder,
  ) {}

  /** A page of all folders under one. Throws MusterError `request.bad-continue`. */
  async list(under: string, page: { limit: number; continue?: string | undefined }): Promise<FolderList> {
    const [after = ''] = decodePosition(page.continue, ['string']);
    const found = await this.folders.page(this.database, under === '/' ? '' : under, after, page.limit + 1);
    const items = found.slice(0, page.limit);
    const last = items.at(-1);
    return { metadata: found.length > page.limit && last ? { continue: encodePosition([last.path]) } : {}, items };
  }

  /** Makes a folder and those around it. Throws MusterError `folder.exists`. */
  async create(path: string, { actor, dryRun }: ChangeOptions): Promise<Folder> {
    return this.change(dryRun, async (tx) => {
      if (await this.folders.lock(tx, path)) throw exists(path);
      await this.folders.ensure(tx, withFoldersAround(path), actor);
      await this.replicated.record(tx, withFoldersAround(path), true);
      return { path, sequences: 0, createdAt: new Date().toISOString(), createdBy: actor };
    });
  }

  /**
   * Gives a folder, all folders and all sequences in it another place, in one transaction. Every sequence in it is saved (its
   * metadata.folder changes), without a revision.
   *
   * @throws MusterError `folder.not-found`, `folder.exists`, `folder.into-itself`, `folder.too-long`
   */
  async move({ from, to }: FolderMove, { actor, dryRun }: ChangeOptions): Promise<FolderMoved> {
    if (isInside(to, from)) {
      const message = `The folder "${from}" cannot move to "${to}": ${from === to ? 'it is there already' : 'that is in itself'}`;
      throw new MusterError('invalid', 'folder.into-itself', message);
    }
    return this.change(dryRun, async (tx) => {
      if (!(await this.folders.lock(tx, from))) throw notFound(from);
      if (await this.folders.lock(tx, to)) throw exists(to);
      const longest = (await this.folders.longest(tx, from)) - from.length + to.length;
      if (longest > LONGEST_PATH) {
        const message = `A folder in "${from}" would have a path of ${longest} characters there; ${LONGEST_PATH} are allowed`;
        throw new MusterError('invalid', 'folder.too-long', message);
      }
      await this.folders.ensure(tx, withFoldersAround(to).slice(0, -1), actor);
      const before = await this.folders.tree(tx, from);
      const folders = await this.folders.move(tx, from, to);
      await this.replicated.record(tx, await this.folders.tree(tx, to), true);
      const sequences = await this.store.moveFolder(tx, from, to, actor);
      // Behind what was in it: elsewhere a folder goes when it is empty.
      await this.replicated.record(tx, before.toReversed(), false);
      return { from, to, folders, sequences };
    }).catch((error: unknown) => {
      // Somebody made it between our look and our move.
      throw violatedConstraint(error) === 'folder_pkey' ? exists(to) : error;
    });
  }

  /** Deletes an empty folder. Throws MusterError `folder.not-found`, `folder.not-empty` naming what is in it. */
  async remove(path: string, { dryRun }: Pick<ChangeOptions, 'dryRun'>): Promise<void> {
    await this.change(dryRun, async (tx) => {
      if (!(await this.folders.lock(tx, path))) throw notFound(path);
      // A statement of its own, so that it sees what was saved into the folder until the lock.
      const { folders, sequences } = await this.folders.contents(tx, path, NAMED);
      if (folders.length + sequences.length > 0) throw notEmpty(path, folders, sequences);
      await this.folders.remove(tx, path);
      await this.replicated.record(tx, [path], false);
    });
  }

  private async change<Result>(dryRun: boolean, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    let result: { readonly value: Result } | undefined;
    const done = new Error('dry run');
    try {
      return await this.database.transaction(async (tx) => {
        result = { value: await work(tx) };
        if (dryRun) throw done;
        return result.value;
      });
    } catch (error) {
      if (error === done && result) return result.value;
      throw error;
    }
  }
}

function exists(path: string): MusterError {
  return new MusterError('conflict', 'folder.exists', `There is a folder "${path}" already`);
}

function notFound(path: string): MusterError {
  return new MusterError('not-found', 'folder.not-found', `There is no folder "${path}"`);
}

function notEmpty(path: string, folders: readonly string[], sequences: readonly { name: string; folder: string }[]) {
  const findings = [
    ...sequences.map(({ name, folder }) => ({ path: folder, message: `TaskSequence "${name}" is in it` })),
    ...folders.map((folder) => ({ path: folder, message: 'a folder is in it' })),
  ].map((one) => ({ ...one, code: 'folder.not-empty', fix: 'Move or delete it first' }));
  const many = findings.length >= NAMED ? `at least ${findings.length}` : String(findings.length);
  const message = `The folder "${path}" is not empty: ${many} thing${findings.length === 1 ? '' : 's'} in it`;
  return new MusterError('conflict', 'folder.not-empty', message, { findings });
}
