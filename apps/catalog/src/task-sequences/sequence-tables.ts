import { Inject, Injectable } from '@nestjs/common';
import { DanglingReferenceRepository } from '../dangling/dangling-reference.repository.js';
import { FolderRepository } from '../folders/folder.repository.js';
import { EditLockRepository } from '../locks/edit-lock.repository.js';
import { SequenceIndexRepository } from '../search/sequence-index.repository.js';
import { ChildSequenceRepository } from './child-sequence.repository.js';
import { SequenceRevisionRepository } from './sequence-revision.repository.js';

/** Where what belongs to sequences is kept beside them. */
@Injectable()
export class SequenceTables {
  constructor(
    @Inject(SequenceRevisionRepository) readonly revisions: SequenceRevisionRepository,
    @Inject(ChildSequenceRepository) readonly children: ChildSequenceRepository,
    @Inject(SequenceIndexRepository) readonly indexes: SequenceIndexRepository,
    @Inject(FolderRepository) readonly folders: FolderRepository,
    @Inject(EditLockRepository) readonly locks: EditLockRepository,
    @Inject(DanglingReferenceRepository) readonly dangling: DanglingReferenceRepository,
  ) {}
}
