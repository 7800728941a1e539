import type { ReferenceKind, References, Uses } from '@muster/contracts/kinds/sequence-search.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import type { SequenceIndex } from './index-sequence.js';

/** A sequence as the index sees it. */
export interface IndexedSequence {
  uid: string;
  name: string;
  displayName: string | undefined;
  folder: string | undefined;
  labels: Record<string, string>;
  spec: SequenceSpec;
}

interface SequenceRow extends Omit<IndexedSequence, 'displayName' | 'folder'> {
  display_name: string | null;
  folder: string | null;
}

interface ReferenceRow {
  sequence: string;
  ordinal: number;
  kind: ReferenceKind;
  name: string;
  program: string | null;
  path: string;
  pointer: string;
  disabled: boolean;
}

const SEQUENCE = 'uid, name, display_name, folder, labels, spec';
const REFERENCE = 'ordinal, kind, r.name, program, path, pointer, disabled';

/** What sequences refer to, and the words in them. */
export class SequenceIndexRepository {
  /** Replaces what is known of these sequences, in two statements for each table however many they are. */
  async replace(
    tx: Transaction,
    version: number,
    entries: readonly (SequenceIndex & { uid: string })[],
  ): Promise<void> {
    const uids = entries.map(({ uid }) => uid);
    await tx.query('delete from task_sequence_reference where task_sequence_uid = any ($1::uuid[])', [uids]);
    const rows = entries.flatMap(({ uid, references }) => references.map((one, ordinal) => ({ uid, ordinal, ...one })));
    if (rows.length > 0) {
      await tx.query(
        `insert into task_sequence_reference
           (task_sequence_uid, ordinal, kind, name, program, path, pointer, disabled)
         select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[])`,
        [
          rows.map(({ uid }) => uid),
          rows.map(({ ordinal }) => ordinal),
          rows.map(({ kind }) => kind),
          rows.map(({ name }) => name),
          rows.map(({ program }) => program ?? null),
          rows.map(({ path }) => path),
          rows.map(({ pointer }) => pointer),
          rows.map(({ disabled }) => disabled),
        ],
      );
    }
    await tx.query(
      `insert into task_sequence_words (task_sequence_uid, version, words)
       select uid, $1, array_to_tsvector(string_to_array(words, ' ')) from unnest($2::uuid[], $3::text[]) as new (uid, words)
       on conflict (task_sequence_uid) do update set version = excluded.version, words = excluded.words`,
      [version, uids, entries.map(({ words }) => words.join(' '))],
    );
  }

  /** Sequences that were indexed by other rules, or never; locked, those in other hands left out. */
  async takeOutdated(tx: Transaction, version: number, limit: number): Promise<IndexedSequence[]> {
    const rows = await tx.query<SequenceRow>(
      `select ${SEQUENCE} from task_sequence
       where not exists (select from task_sequence_words where task_sequence_uid = uid and version = $1)
       limit $2 for update skip locked`,
      [version, limit],
    );
    return rows.map(sequenceOf);
  }

  /** Nodes that refer to something, in the order of sequences and nodes, after a position. */
  async findUses(
    database: Queryable,
    to: { kind: string; name: string },
    after: readonly [sequence: string, ordinal: number],
    limit: number,
  ): Promise<(Uses['items'][number] & { ordinal: number })[]> {
    const rows = await database.query<ReferenceRow>(
      `select t.name as sequence, ${REFERENCE} from task_sequence_reference r join task_sequence t on uid = task_sequence_uid
       where kind = $1 and r.name = $2 and (t.name, ordinal) > ($3, $4) order by t.name, ordinal limit $5`,
      [to.kind, to.name, ...after, limit],
    );
    return rows.map((row) => ({ sequence: row.sequence, ordinal: row.ordinal, ...referenceOf(row) }));
  }

  /** Nodes of other sequences that name this one, in the order of sequences and nodes. */
  async findUsesByOthers(
    database: Queryable,
    name: string,
    limit: number,
  ): Promise<{ sequence: string; path: string }[]> {
    return database.query(
      `select t.name as sequence, path from task_sequence_reference r join task_sequence t on uid = task_sequence_uid
       where kind = 'TaskSequence' and r.name = $1 and t.name <> $1 order by t.name, ordinal limit $2`,
      [name, limit],
    );
  }

  /** What a sequence refers to, in the order of its nodes, after a position. */
  async findReferences(
    database: Queryable,
    sequence: string,
    after: number,
    limit: number,
  ): Promise<(References['items'][number] & { ordinal: number })[]> {
    const rows = await database.query<ReferenceRow>(
      `select ${REFERENCE} from task_sequence_reference r
       where task_sequence_uid = (select uid from task_sequence where name = $1) and ordinal > $2 order by ordinal limit $3`,
      [sequence, after, limit],
    );
    return rows.map((row) => ({ ordinal: row.ordinal, ...referenceOf(row) }));
  }

  /** Which of these sequences there are. */
  async existing(database: Queryable, names: readonly string[]): Promise<Set<string>> {
    const rows = await database.query<{ name: string }>(
      'select name from task_sequence where name = any ($1::text[])',
      [names],
    );
    return new Set(rows.map(({ name }) => name));
  }

  /** Sequences that have words beginning with each of these, in the order of names, after a name. */
  async search(
    database: Queryable,
    words: readonly string[],
    after: string,
    limit: number,
  ): Promise<IndexedSequence[]> {
    // Words have letters, digits and _ only: nothing in them is an operator of a text query.
    const query = words.map((word) => `'${word}':*`).join(' & ');
    const rows = await database.query<SequenceRow>(
      `select ${SEQUENCE} from task_sequence_words join task_sequence on uid = task_sequence_uid
       where words @@ $1::tsquery and name > $2 order by name limit $3`,
      [query, after, limit],
    );
    return rows.map(sequenceOf);
  }
}

function sequenceOf({ display_name, folder, ...row }: SequenceRow): IndexedSequence {
  return { ...row, displayName: display_name ?? undefined, folder: folder ?? undefined };
}

function referenceOf({ path, pointer, kind, name, program, disabled }: ReferenceRow) {
  return { path, pointer, kind, name, ...(program === null ? {} : { program }), disabled };
}
