import type { DanglingReference } from '@muster/contracts/kinds/task-sequence.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** Of one sequence so many things that are missing are told. */
const MOST_TOLD = 50;

/** What enabled nodes name and is not there any more. Nothing is written to sequences: the answer is that of the moment. */
export class DanglingReferenceRepository {
  async contentDeleted(tx: Transaction, kind: string, name: string): Promise<void> {
    await tx.query('insert into missing_package (kind, name) values ($1, $2) on conflict do nothing', [kind, name]);
  }

  async contentSaved(tx: Transaction, kind: string, name: string): Promise<void> {
    await tx.query('delete from missing_package where kind = $1 and name = $2', [kind, name]);
  }

  /** The dangling references of these sequences by uid; those that have none are left out. */
  async findMany(database: Queryable, uids: readonly string[]): Promise<Map<string, DanglingReference[]>> {
    const rows = await database.query<DanglingReference & { uid: string }>(
      `select task_sequence_uid as uid, kind, r.name, count(*) as nodes
       from task_sequence_reference r
       where task_sequence_uid = any ($1::uuid[]) and not disabled
         and case kind
           when 'TaskSequence' then not exists (select from task_sequence t where t.name = r.name)
           else exists (select from missing_package m where m.kind = r.kind and m.name = r.name)
         end
       group by task_sequence_uid, kind, r.name order by task_sequence_uid, kind, r.name`,
      [uids],
    );
    const found = new Map<string, DanglingReference[]>();
    for (const { uid, ...reference } of rows) {
      const told = found.get(uid) ?? [];
      if (told.length < MOST_TOLD) told.push(reference);
      found.set(uid, told);
    }
    return found;
  }
}
