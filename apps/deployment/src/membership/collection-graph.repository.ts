import type { CollectionSpec } from '@muster/contracts/kinds/collection.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { CollectionEdge } from './collection-graph.js';

/** Which collections depend on which. */
export class CollectionGraphRepository {
  /** Notes on whom a collection depends. */
  async setEdges(tx: Transaction, collection: string, needs: readonly string[]): Promise<void> {
    await tx.query('delete from collection_edge where collection = $1 and needs <> all($2::text[])', [
      collection,
      [...needs],
    ]);
    await tx.query(
      `insert into collection_edge (collection, needs) select $1, needs from unnest($2::text[]) as named (needs)
       on conflict do nothing`,
      [collection, [...needs]],
    );
  }

  /** Notes which facts the queries of a collection read; a query that reads none is noted as reading the fact "". */
  async setReads(tx: Transaction, collection: string, facts: readonly string[]): Promise<void> {
    await tx.query('delete from collection_reads where collection = $1 and fact <> all($2::text[])', [
      collection,
      [...facts],
    ]);
    await tx.query(
      `insert into collection_reads (collection, fact) select $1, fact from unnest($2::text[]) as named (fact)
       on conflict do nothing`,
      [collection, [...facts]],
    );
  }

  /** Names of the collections whose queries read any of these facts; all that have queries without `facts`. */
  async reading(database: Queryable, facts?: readonly string[]): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select distinct collection as name from collection_reads ${facts ? 'where fact = any($1)' : ''}`,
      facts ? [[...facts]] : [],
    );
    return rows.map(({ name }) => name);
  }

  /** Every edge from these collections down. */
  async below(database: Queryable, names: readonly string[]): Promise<CollectionEdge[]> {
    return database.query<CollectionEdge>(
      `with recursive below (name) as (
         select unnest($1::text[])
         union select edge.needs from collection_edge as edge join below on edge.collection = below.name
       )
       select edge.collection, edge.needs from collection_edge as edge join below on edge.collection = below.name`,
      [[...names]],
    );
  }

  /** Every edge from collections that depend on these, directly or over others. */
  async above(database: Queryable, names: readonly string[]): Promise<CollectionEdge[]> {
    return database.query<CollectionEdge>(
      `with recursive above (name) as (
         select unnest($1::text[])
         union select edge.collection from collection_edge as edge join above on edge.needs = above.name
       )
       select edge.collection, edge.needs from collection_edge as edge join above on edge.needs = above.name`,
      [[...names]],
    );
  }

  /** Names of the collections that depend on one directly, at most `limit`. */
  async dependents(database: Queryable, name: string, limit: number): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      'select collection as name from collection_edge where needs = $1 order by collection limit $2',
      [name, limit],
    );
    return rows.map((row) => row.name);
  }

  /** Collections that depend on one directly, and how. A collection may do so in several ways. */
  async uses(
    database: Queryable,
    name: string,
    limit: number,
  ): Promise<{ name: string; limits: boolean; includes: boolean; excludes: boolean }[]> {
    return database.query(
      `select collection.name, coalesce(spec ->> 'limitingCollection' = $1, false) as limits,
         spec -> 'rules' @> jsonb_build_array(jsonb_build_object('include', $1::text)) as includes,
         spec -> 'rules' @> jsonb_build_array(jsonb_build_object('exclude', $1::text)) as excludes
       from collection_edge join collection on collection.name = collection_edge.collection
       where needs = $1 order by collection.name limit $2`,
      [name, limit],
    );
  }

  /** Uid of each of these collections that exists. */
  async uids(database: Queryable, names: readonly string[]): Promise<Map<string, string>> {
    if (names.length === 0) return new Map();
    const rows = await database.query<{ name: string; uid: string }>(
      'select name, uid from collection where name = any($1)',
      [[...new Set(names)]],
    );
    return new Map(rows.map(({ name, uid }) => [name, uid]));
  }

  /** What is needed to evaluate each of these collections. */
  async documents(
    database: Queryable,
    names: readonly string[],
  ): Promise<Map<string, { uid: string; spec: CollectionSpec }>> {
    const rows = await database.query<{ name: string; uid: string; spec: CollectionSpec }>(
      'select name, uid, spec from collection where name = any($1)',
      [[...names]],
    );
    return new Map(rows.map(({ name, ...document }) => [name, document]));
  }
}
