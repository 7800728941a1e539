import type { Revision, RevisionSummary } from '@muster/contracts/kinds/sequence-revision.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { SequenceSpec } from '@muster/sequence/model.js';

const COLUMNS = 'task_sequence_uid as uid, name, revision, digest, spec';
const SUMMARY = 'sequence_revision.name, revision, digest, author, sequence_revision.created_at, comment';

interface SummaryRow {
  name: string;
  revision: number;
  digest: string;
  author: string;
  created_at: Date;
  comment: string | null;
}

/** Who saved, why, and what the sequence was called in that moment. */
export interface SavedBy {
  author: string;
  comment: string | undefined;
  resourceVersion: string;
}

/** The immutable saves of sequences. */
export class SequenceRevisionRepository {
  /**
   * Keeps what the sequence has in this transaction. The specification is copied inside the database, packed as it is: a large one
   * neither travels nor is read again.
   */
  async add(tx: Transaction, revision: Omit<SequenceRevision, 'spec'>, saved: SavedBy): Promise<void> {
    await tx.query(
      `insert into sequence_revision
         (task_sequence_uid, revision, name, digest, spec, author, comment, resource_version)
       select uid, $2, $3, $4, spec, $5, $6, $7 from task_sequence where uid = $1`,
      [
        revision.uid,
        revision.revision,
        revision.name,
        revision.digest,
        saved.author,
        saved.comment ?? null,
        saved.resourceVersion,
      ],
    );
  }

  /** Who saved a revision, and why. */
  async savedBy(
    database: Queryable,
    uid: string,
    revision: number,
  ): Promise<{ author: string; comment?: string } | undefined> {
    const [row] = await database.query<{ author: string; comment: string | null }>(
      'select author, comment from sequence_revision where task_sequence_uid = $1 and revision = $2',
      [uid, revision],
    );
    return row && { author: row.author, ...(row.comment === null ? {} : { comment: row.comment }) };
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
  async findByDigest(database: Queryable, digest: string, name?: string): Promise<SequenceRevision | undefined> {
    const [row] = await database.query<SequenceRevision>(
      `select ${COLUMNS} from sequence_revision where digest = $1 ${name === undefined ? '' : 'and name = $2'}
       order by created_at desc limit 1`,
      name === undefined ? [digest] : [digest, name],
    );
    return row;
  }

  /** A page of the revisions of a sequence, newest first, below a number. */
  async page(database: Queryable, name: string, below: number, limit: number): Promise<RevisionSummary[]> {
    const rows = await database.query<SummaryRow>(
      `select ${SUMMARY} from sequence_revision join task_sequence on uid = task_sequence_uid
       where task_sequence.name = $1 and revision < $2 order by revision desc limit $3`,
      [name, below, limit],
    );
    return rows.map((row) => summaryOf(name, row));
  }

  /** One revision of a sequence that still exists. */
  async find(database: Queryable, name: string, revision: number): Promise<Revision | undefined> {
    const [row] = await database.query<SummaryRow & { spec: SequenceSpec }>(
      `select ${SUMMARY}, sequence_revision.spec from sequence_revision join task_sequence on uid = task_sequence_uid
       where task_sequence.name = $1 and revision = $2`,
      [name, revision],
    );
    return row && { ...summaryOf(name, row), spec: row.spec };
  }

  /** Why revisions of sequences were saved, by uid; those without a comment are left out. */
  async findComments(
    database: Queryable,
    wanted: readonly { uid: string; revision: number }[],
  ): Promise<Map<string, string>> {
    const rows = await database.query<{ uid: string; comment: string }>(
      `select task_sequence_uid as uid, comment
       from unnest($1::uuid[], $2::int[]) as wanted (task_sequence_uid, revision)
       join sequence_revision using (task_sequence_uid, revision) where comment is not null`,
      [wanted.map(({ uid }) => uid), wanted.map(({ revision }) => revision)],
    );
    return new Map(rows.map(({ uid, comment }) => [uid, comment]));
  }

  /** The revision that was the newest when a sequence had this resourceVersion. Unknown for saves before this was kept. */
  async findAtVersion(
    database: Queryable,
    uid: string,
    resourceVersion: string,
  ): Promise<SequenceRevision | undefined> {
    if (!/^\d{1,18}$/.test(resourceVersion)) return undefined;
    const [row] = await database.query<SequenceRevision>(
      `select ${COLUMNS} from sequence_revision
       where task_sequence_uid = $1 and resource_version <= $2 order by revision desc limit 1`,
      [uid, resourceVersion],
    );
    return row;
  }

  /** The specifications of many sequences in one query: the newest where no revision is named. What is not there is left out. */
  async findMany(
    database: Queryable,
    wanted: readonly { sequence: string; revision?: number | undefined }[],
  ): Promise<{ sequence: string; revision: number | undefined; spec: SequenceSpec }[]> {
    const rows = await database.query<{ name: string; wanted: number | null; spec: SequenceSpec }>(
      `select task_sequence.name, wanted.revision as wanted, coalesce(sequence_revision.spec, task_sequence.spec) as spec
       from unnest($1::text[], $2::int[]) as wanted (name, revision)
       join task_sequence using (name)
       left join sequence_revision on task_sequence_uid = uid and sequence_revision.revision = wanted.revision
       where wanted.revision is null or sequence_revision.revision is not null`,
      [wanted.map(({ sequence }) => sequence), wanted.map(({ revision }) => revision ?? null)],
    );
    return rows.map((row) => ({ sequence: row.name, revision: row.wanted ?? undefined, spec: row.spec }));
  }
}

function summaryOf(sequence: string, row: SummaryRow): RevisionSummary {
  const { revision, digest, author, comment } = row;
  const createdAt = row.created_at.toISOString();
  return { sequence, revision, digest, author, createdAt, ...(comment === null ? {} : { comment }) };
}
