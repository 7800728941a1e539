import { Inject, Injectable } from '@nestjs/common';
import { taskSequence, type TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import { API_VERSION, type Resource } from '@muster/contracts/resource.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError, parseInput } from '@muster/platform/errors.js';
import type { PatchOperation, SequencePatch } from '@muster/sequence/edit/patch-model.js';
import { patchSequence, type PatchSources, sourceKey } from '@muster/sequence/edit/patch-sequence.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { changeResource } from '@muster/service/resources/change-resource.js';
import type { WriteOptions } from '@muster/service/resources/resource-rules.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { SequenceRevisionRepository } from '../task-sequences/sequence-revision.repository.js';
import { TASK_SEQUENCES } from '../task-sequences/task-sequences.token.js';

/** Changes sequences node by node. */
@Injectable()
export class EditingService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SequenceRevisionRepository) private readonly revisions: SequenceRevisionRepository,
    @Inject(TASK_SEQUENCES) private readonly store: ResourceStore<SequenceSpec, TaskSequenceStatus>,
  ) {}

  /**
   * Does all operations on the sequence as it is now, or none. Without `ifMatch` they are done again when somebody else saved in
   * the meantime: they name nodes, not the document.
   *
   * @throws MusterError `edit.impossible` with the operation and the path; what saving the result would be refused with
   */
  async patch(
    name: string,
    { operations }: SequencePatch,
    options: WriteOptions,
  ): Promise<Resource<SequenceSpec, TaskSequenceStatus>> {
    return changeResource(
      this.store,
      this.database,
      name,
      async ({ metadata, spec }) => {
        const result = patchSequence(spec, operations, await this.sources(operations));
        if ('findings' in result) throw impossible(name, result.findings);
        const document = { apiVersion: API_VERSION, kind: taskSequence.kind, metadata, spec: result.spec };
        return parseInput(taskSequence, document, `TaskSequence "${name}" after the patch`);
      },
      options,
    );
  }

  private async sources(operations: readonly PatchOperation[]): Promise<PatchSources> {
    const wanted = operations.flatMap((operation) =>
      operation.op === 'copy' && operation.sequence !== undefined
        ? [{ sequence: operation.sequence, revision: operation.revision }]
        : [],
    );
    if (wanted.length === 0) return {};
    const unique = [...new Map(wanted.map((one) => [sourceKey(one), one])).values()];
    const found = await this.revisions.findMany(this.database, unique);
    return Object.fromEntries(found.map((one) => [sourceKey(one), one.spec]));
  }
}

function impossible(
  name: string,
  findings: Extract<ReturnType<typeof patchSequence>, { findings: unknown }>['findings'],
) {
  const [first] = findings;
  return new MusterError(
    'invalid',
    'edit.impossible',
    `Nothing of TaskSequence "${name}" was changed: ${first?.message ?? 'the patch cannot be done'}; ${first?.fix ?? ''}`,
    { findings },
  );
}
