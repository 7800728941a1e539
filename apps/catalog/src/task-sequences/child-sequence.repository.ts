import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** Which sequences the newest revision of each sequence names as children of enabled nodes. */
export class ChildSequenceRepository {
  /** Replaces the children of one sequence. */
  async set(tx: Transaction, uid: string, children: readonly string[]): Promise<void> {
    await tx.query(
      `with gone as (delete from task_sequence_child where task_sequence_uid = $1 and child <> all ($2::text[]))
       insert into task_sequence_child (task_sequence_uid, child)
       select $1, child from unnest($2::text[]) as child on conflict do nothing`,
      [uid, children],
    );
  }

  /**
   * All sequences that can be reached from these names, these included, and the children of each; a name that is not
   * there does not exist.
   */
  async below(database: Queryable, names: readonly string[]): Promise<Map<string, string[]>> {
    const rows = await database.query<{ name: string; children: string[] }>(
      `with recursive reached (name) as (
         select unnest($1::text[])
         union
         select child from reached
           join task_sequence on task_sequence.name = reached.name
           join task_sequence_child on task_sequence_uid = task_sequence.uid
       )
       select name, coalesce((select array_agg(child order by child) from task_sequence_child
                              where task_sequence_uid = task_sequence.uid), '{}') as children
       from reached join task_sequence using (name)`,
      [names],
    );
    return new Map(rows.map(({ name, children }) => [name, children]));
  }
}
