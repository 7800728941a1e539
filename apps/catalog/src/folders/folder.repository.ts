import type { Folder } from '@muster/contracts/kinds/folder.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

interface FolderRow {
  path: string;
  created_at: Date;
  created_by: string;
  sequences: number;
}

/** Folders of task sequences, by their paths. The root is no row: it is always there. */
export class FolderRepository {
  /** Makes folders that are not there; holds them all until the end of the transaction, so that nobody deletes them meanwhile. */
  async ensure(tx: Transaction, paths: readonly string[], actor: string): Promise<void> {
    if (paths.length === 0) return;
    await tx.query(
      `insert into folder (path, created_by) select path, $2 from unnest($1::text[]) as path order by path
       on conflict (path) do update set path = excluded.path`,
      [paths, actor],
    );
  }

  /** Holds a folder until the end of the transaction. False when there is none. */
  async lock(tx: Transaction, path: string): Promise<boolean> {
    return (await tx.query('select from folder where path = $1 for update', [path])).length > 0;
  }

  /** A page of the folders under one (`''`: under the root), in the order of their paths, after a path. */
  async page(database: Queryable, under: string, after: string, limit: number): Promise<Folder[]> {
    const rows = await database.query<FolderRow>(
      `select path, created_at, created_by,
              (select count(*) from task_sequence where task_sequence.folder = folder.path) as sequences
       from folder where path > $2 and starts_with(path, $1 || '/') order by path limit $3`,
      [under, after, limit],
    );
    return rows.map((row) => ({
      path: row.path,
      sequences: row.sequences,
      createdAt: row.created_at.toISOString(),
      createdBy: row.created_by,
    }));
  }

  /** Paths of folders, and names of sequences, that are in a folder at any depth; at most so many of each. */
  async contents(
    database: Queryable,
    path: string,
    limit: number,
  ): Promise<{ folders: string[]; sequences: { name: string; folder: string }[] }> {
    const folders = await database.query<{ path: string }>(
      `select path from folder where starts_with(path, $1 || '/') order by path limit $2`,
      [path, limit],
    );
    const sequences = await database.query<{ name: string; folder: string }>(
      `select name, folder from task_sequence where folder = $1 or starts_with(folder, $1 || '/')
       order by folder, name limit $2`,
      [path, limit],
    );
    return { folders: folders.map((row) => row.path), sequences };
  }

  /** A folder and all folders in it, at any depth. */
  async tree(database: Queryable, path: string): Promise<string[]> {
    const rows = await database.query<{ path: string }>(
      `select path from folder where path = $1 or starts_with(path, $1 || '/') order by path`,
      [path],
    );
    return rows.map((row) => row.path);
  }

  /** Folders that other sites have not been told of. */
  async untold(database: Queryable, kind: string, limit: number): Promise<string[]> {
    const rows = await database.query<{ path: string }>(
      `select path from folder
       where not exists (select from replica where replica.kind = $1 and replica.key = folder.path)
       order by path limit $2`,
      [kind, limit],
    );
    return rows.map((row) => row.path);
  }

  async remove(tx: Transaction, path: string): Promise<void> {
    await tx.query('delete from folder where path = $1', [path]);
  }

  /** Gives a folder, and all in it, another path. */
  async move(tx: Transaction, from: string, to: string): Promise<number> {
    const rows = await tx.query(
      `update folder set path = $2::text || substr(path, length($1::text) + 1) where path = $1 or starts_with(path, $1 || '/')
       returning 1`,
      [from, to],
    );
    return rows.length;
  }

  /** The longest path that a folder or its contents would have. */
  async longest(database: Queryable, path: string): Promise<number> {
    const [row] = await database.query<{ longest: number | null }>(
      `select max(length(path)) as longest from folder where path = $1 or starts_with(path, $1 || '/')`,
      [path],
    );
    return row?.longest ?? 0;
  }
}
