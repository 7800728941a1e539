import { Inject, Injectable } from '@nestjs/common';
import type { Revision, RevisionDifference, RevisionList } from '@muster/contracts/kinds/sequence-revision.js';
import { taskSequence, type TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import { API_VERSION, type Resource } from '@muster/contracts/resource.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError, parseInput } from '@muster/platform/errors.js';
import { describeDifference } from '@muster/sequence/edit/describe-difference.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { changeResource } from '@muster/service/resources/change-resource.js';
import type { WriteOptions } from '@muster/service/resources/resource-rules.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import { SequenceRevisionRepository } from '../task-sequences/sequence-revision.repository.js';
import { TASK_SEQUENCES } from '../task-sequences/task-sequences.token.js';
import { shown } from './sequence-conflict.js';

/** Reads, compares and brings back what was saved before. */
@Injectable()
export class RevisionsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SequenceRevisionRepository) private readonly revisions: SequenceRevisionRepository,
    @Inject(TASK_SEQUENCES) private readonly store: ResourceStore<SequenceSpec, TaskSequenceStatus>,
  ) {}

  /** A page of the revisions of a sequence, newest first. Throws MusterError `resource.not-found`, `request.bad-continue`. */
  async list(name: string, page: { limit: number; continue?: string | undefined }): Promise<RevisionList> {
    const [below = 2 ** 31 - 1] = decodePosition(page.continue, ['number']);
    const found = await this.revisions.page(this.database, name, below, page.limit + 1);
    // Every sequence has a revision: none at all means that it is the sequence that there is not.
    if (found.length === 0 && page.continue === undefined) await this.store.get(name);
    const items = found.slice(0, page.limit);
    const last = items.at(-1);
    const more = found.length > page.limit && last;
    return { metadata: more ? { continue: encodePosition([last.revision]) } : {}, items };
  }

  /** Throws MusterError `resource.not-found`, `revision.not-found`. */
  async get(name: string, revision: number): Promise<Revision> {
    const found = await this.revisions.find(this.database, name, revision);
    if (found) return found;
    const { status } = await this.store.get(name);
    throw new MusterError(
      'not-found',
      'revision.not-found',
      `TaskSequence "${name}" has no revision ${revision}; its revisions are 1 to ${status.revision}`,
    );
  }

  /** What is different between two revisions; without `other` between one and the newest. */
  async compare(name: string, revision: number, other: number | undefined): Promise<RevisionDifference> {
    const before = await this.get(name, revision);
    const after = await this.get(name, other ?? (await this.store.get(name)).status.revision);
    const difference = shown(before.spec, after.spec);
    const lines = describeDifference(difference);
    return { sequence: name, from: before.revision, to: after.revision, difference, lines };
  }

  /**
   * Saves an old specification as a new revision; metadata stay as they are. The revision that is the newest already changes
   * nothing. Old specifications are checked by the rules of today.
   */
  async restore(
    name: string,
    revision: number,
    options: WriteOptions,
  ): Promise<Resource<SequenceSpec, TaskSequenceStatus>> {
    const { spec } = await this.get(name, revision);
    const restored = `Restored revision ${revision}`;
    const comment = options.comment === undefined ? restored : `${restored}: ${options.comment}`;
    return changeResource(
      this.store,
      this.database,
      name,
      async ({ metadata }) =>
        parseInput(
          taskSequence,
          { apiVersion: API_VERSION, kind: taskSequence.kind, metadata, spec },
          `Revision ${revision} of TaskSequence "${name}"`,
        ),
      { ...options, comment },
    );
  }
}
