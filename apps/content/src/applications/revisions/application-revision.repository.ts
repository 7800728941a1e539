import type { ApplicationRevision, ApplicationRevisionSummary } from '@muster/contracts/kinds/application-revision.js';
import type { ApplicationSpec } from '@muster/contracts/kinds/application.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

const COLUMNS = 'r.revision, r.digest, r.author, r.created_at, r.comment';

interface SummaryRow {
  revision: number;
  digest: string;
  author: string;
  created_at: Date;
  comment: string | null;
}

/** What is kept of a save. */
export interface NewRevision {
  readonly uid: string;
  readonly revision: number;
  readonly digest: string;
  readonly spec: ApplicationSpec;
  readonly author: string;
  readonly comment?: string | undefined;
}

/** The immutable saves of applications. */
export class ApplicationRevisionRepository {
  async add(tx: Transaction, { uid, revision, digest, spec, author, comment }: NewRevision): Promise<void> {
    await tx.query(
      `insert into application_revision (application_uid, revision, digest, spec, author, comment)
       values ($1, $2, $3, $4, $5, $6)`,
      [uid, revision, digest, JSON.stringify(spec), author, comment ?? null],
    );
  }

  /** Who saved a revision, and why. */
  async savedBy(
    database: Queryable,
    uid: string,
    revision: number,
  ): Promise<{ author: string; comment?: string } | undefined> {
    const [row] = await database.query<{ author: string; comment: string | null }>(
      'select author, comment from application_revision where application_uid = $1 and revision = $2',
      [uid, revision],
    );
    return row && { author: row.author, ...(row.comment === null ? {} : { comment: row.comment }) };
  }

  /** The number that the next revision of an application has. */
  async nextNumber(tx: Transaction, uid: string): Promise<number> {
    const [row] = await tx.query<{ next: number }>(
      'select coalesce(max(revision), 0) + 1 as next from application_revision where application_uid = $1',
      [uid],
    );
    return row!.next;
  }

  /** A page of the revisions of an application that exists, newest first, below a number. */
  async page(database: Queryable, name: string, below: number, limit: number): Promise<ApplicationRevisionSummary[]> {
    const rows = await database.query<SummaryRow>(
      `select ${COLUMNS} from application_revision r join application a on a.uid = r.application_uid
       where a.name = $1 and r.revision < $2 order by r.revision desc limit $3`,
      [name, below, limit],
    );
    return rows.map((row) => summaryOf(name, row));
  }

  /** One revision of an application that exists. */
  async find(database: Queryable, name: string, revision: number): Promise<ApplicationRevision | undefined> {
    const [row] = await database.query<SummaryRow & { spec: ApplicationSpec }>(
      `select ${COLUMNS}, r.spec from application_revision r join application a on a.uid = r.application_uid
       where a.name = $1 and r.revision = $2`,
      [name, revision],
    );
    return row && { ...summaryOf(name, row), spec: row.spec };
  }

  /** Applications whose last save was not kept, by a release that kept none; nobody else takes them in this transaction. */
  async takeUnkept(tx: Transaction, limit: number): Promise<{ uid: string; spec: ApplicationSpec }[]> {
    return tx.query<{ uid: string; spec: ApplicationSpec }>(
      `select uid, spec from application where not status ? 'digest' limit $1 for update skip locked`,
      [limit],
    );
  }

  /** The application says what its newest revision is; nothing else of it changes. */
  async setNewest(tx: Transaction, uid: string, newest: { revision: number; digest: string }): Promise<void> {
    await tx.query('update application set status = status || $2 where uid = $1', [uid, JSON.stringify(newest)]);
  }
}

function summaryOf(application: string, row: SummaryRow): ApplicationRevisionSummary {
  const { revision, digest, author, comment } = row;
  const createdAt = row.created_at.toISOString();
  return {
    application,
    revision,
    digest: digest as ApplicationRevisionSummary['digest'],
    author,
    createdAt,
    ...(comment === null ? {} : { comment }),
  };
}
