import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

const COLUMNS = 'task_sequence_uid as uid, name, revision, digest, spec';

/** The immutable saves of sequences. */
export class SequenceRevisionRepository {
  async add(tx: Transaction, revision: SequenceRevision, author: string): Promise<void> {
    await tx.query(
      'insert into sequence_revision (task_sequence_uid, revision, name, digest, spec, author) values ($1, $2, $3, $4, $5, $6)',
      [revision.uid, revision.revision, revision.name, revision.digest, JSON.stringify(revision.spec), author],
    );
  }

  /** The newest revision of a sequence that still exists. */
  async findNewest(database: Queryable, name: string): Promise<SequenceRevision | undefined> {
    const [row] = await database.query<SequenceRevision>(
      `select ${COLUMNS} from sequence_revision
       where task_sequence_uid = (select uid from task_sequence where name = $1) order by revision desc limit 1`,
      [name],
    );
    return row;
  }

  /** A revision by its digest; deleted sequences keep theirs. */
  async findByDigest(database: Queryable, digest: string): Promise<SequenceRevision | undefined> {
    const [row] = await database.query<SequenceRevision>(
      `select ${COLUMNS} from sequence_revision where digest = $1 order by created_at desc limit 1`,
      [digest],
    );
    return row;
  }
}
