import { sameJson } from '@muster/contracts/digest.js';
import {
  API_VERSION,
  type Kind,
  type Metadata,
  type Resource,
  type ResourceInput,
} from '@muster/contracts/resource.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import { UNKNOWN_KIND } from '@muster/replication/problem.repository.js';
import { v7 as uuidv7 } from 'uuid';
import { JsonText } from './json-text.js';

interface Row {
  uid: string;
  name: string;
  display_name: string | null;
  folder: string | null;
  labels: Record<string, string>;
  resource_version: number;
  generation: number;
  spec: unknown;
  status: unknown;
  created_at: Date;
  updated_at: Date;
}

/** Which objects: after a name, with these labels, directly in a folder. */
export interface PageOptions {
  readonly after: string;
  readonly limit: number;
  readonly labels: Record<string, string>;
  readonly folder?: string | undefined;
}

type MetadataRow = Omit<Row, 'spec' | 'status'>;

const METADATA = 'uid, name, display_name, folder, labels, resource_version, generation, created_at, updated_at';
const COLUMNS = `${METADATA}, spec, status`;

/** The rows of one kind. The table has the columns above; its migration adds what the kind needs besides. */
export class ResourceRepository<Spec, Status> {
  constructor(
    private readonly kind: Kind<Spec, Status>,
    readonly table: string,
  ) {}

  async find(database: Queryable, name: string): Promise<Resource<Spec, Status> | undefined> {
    return this.one(await database.query<Row>(`select ${COLUMNS} from ${this.table} where name = $1`, [name]));
  }

  async findByUid(database: Queryable, uid: string): Promise<Resource<Spec, Status> | undefined> {
    return this.one(await database.query<Row>(`select ${COLUMNS} from ${this.table} where uid = $1`, [uid]));
  }

  /** Those of these uids that exist, in any order. */
  async findByUids(database: Queryable, uids: readonly string[]): Promise<Resource<Spec, Status>[]> {
    const rows = await database.query<Row>(`select ${COLUMNS} from ${this.table} where uid = any ($1::uuid[])`, [uids]);
    return rows.map((row) => this.toResource(row));
  }

  async findForUpdate(tx: Transaction, name: string): Promise<Resource<Spec, Status> | undefined> {
    return this.one(await tx.query<Row>(`select ${COLUMNS} from ${this.table} where name = $1 for update`, [name]));
  }

  /** Those of these names that exist, in the order of names. */
  async findMany(database: Queryable, names: readonly string[]): Promise<Resource<Spec, Status>[]> {
    const rows = await database.query<Row>(
      `select ${COLUMNS} from ${this.table} where name = any ($1::text[]) order by name`,
      [names],
    );
    return rows.map((row) => this.toResource(row));
  }

  /** The same, locked in that order, so that two who want the same ones wait instead of blocking each other. */
  async findManyForUpdate(tx: Transaction, names: readonly string[]): Promise<Resource<Spec, Status>[]> {
    const rows = await tx.query<Row>(
      `select ${COLUMNS} from ${this.table} where name = any ($1::text[]) order by name for update`,
      [names],
    );
    return rows.map((row) => this.toResource(row));
  }

  /**
   * Objects that other sites have not been told of, held until the transaction ends. What others told of one of that name is no word
   * about it while this site's release has not known the kind.
   */
  async withoutReplica(tx: Transaction, limit: number): Promise<Resource<Spec, Status>[]> {
    const rows = await tx.query<Row>(
      `select ${COLUMNS} from ${this.table}
       where not exists (
         select 1 from replica where replica.kind = $1 and replica.key = ${this.table}.name and not exists (
           select 1 from replica_problem as problem
           where problem.kind = replica.kind and problem.key = replica.key and problem.code = '${UNKNOWN_KIND}'))
       order by name limit $2 for update`,
      [this.kind.kind, limit],
    );
    return rows.map((row) => this.toResource(row));
  }

  /** A page in the order of names, after a name; only what is directly in a folder, where one is named. */
  async page(database: Queryable, options: PageOptions): Promise<Resource<Spec, Status>[]> {
    const rows = await this.pageRows(database, COLUMNS, options);
    return rows.map((row) => this.toResource(row));
  }

  /** The same page with each specification as the text that the database has: for those who only pass it on. */
  async pageOfTexts(database: Queryable, options: PageOptions): Promise<Resource<JsonText, Status>[]> {
    const rows = await this.pageRows(database, `${METADATA}, spec::text as spec, status`, options);
    return rows.map((row) => ({ ...this.toResource(row), spec: new JsonText(row.spec as string) }));
  }

  private pageRows(database: Queryable, columns: string, { after, limit, labels, folder }: PageOptions) {
    const values = [after, JSON.stringify(labels), limit];
    // Two statements, so that each has a plan of its own.
    const inFolder = folder === undefined ? '' : `and coalesce(folder, '/') = $4`;
    return database.query<Row>(
      `select ${columns} from ${this.table} where name > $1 and labels @> $2 ${inFolder} order by name limit $3`,
      folder === undefined ? values : [...values, folder],
    );
  }

  async insert(tx: Transaction, input: ResourceInput<Spec>, status: Status): Promise<Resource<Spec, Status>> {
    const rows = await tx.query<MetadataRow>(
      `insert into ${this.table} (uid, name, display_name, folder, labels, resource_version, generation, spec, status)
       values ($1, $2, $3, $4, $5, nextval('resource_version'), 1, $6, $7) returning ${METADATA}`,
      [
        uuidv7(),
        input.metadata.name,
        input.metadata.displayName ?? null,
        input.metadata.folder ?? null,
        JSON.stringify(input.metadata.labels ?? {}),
        JSON.stringify(input.spec),
        JSON.stringify(status),
      ],
    );
    // What was written need not travel back.
    return this.toResource({ ...rows[0]!, spec: input.spec, status });
  }

  /** Many at once, in this order. A name that exists is an error of the database. */
  async insertMany(
    tx: Transaction,
    creations: readonly { readonly input: ResourceInput<Spec>; readonly status: Status }[],
  ): Promise<Resource<Spec, Status>[]> {
    if (creations.length === 0) return [];
    const documents = creations.map(({ input, status }) => ({ uid: uuidv7(), ...written(input), status }));
    const rows = await tx.query<MetadataRow>(
      `insert into ${this.table} (uid, name, display_name, folder, labels, resource_version, generation, spec, status)
       select uid, name, display_name, folder, labels, nextval('resource_version'), 1, spec, status
       from jsonb_to_recordset($1) as one
         (uid uuid, name text, display_name text, folder text, labels jsonb, spec jsonb, status jsonb)
       returning ${METADATA}`,
      [JSON.stringify(documents)],
    );
    return this.together(rows, documents);
  }

  /** Many at once, each once, in this order: other specifications for all of them, or the same with other metadata. */
  async updateMany(
    tx: Transaction,
    updates: readonly {
      readonly current: Resource<Spec, Status>;
      readonly input: ResourceInput<Spec>;
      readonly status: Status;
    }[],
  ): Promise<Resource<Spec, Status>[]> {
    if (updates.length === 0) return [];
    const documents = updates.map(({ current, input, status }) => ({
      uid: current.metadata.uid,
      ...written(input),
      status,
      generations: sameJson(current.spec, input.spec) ? 0 : 1,
    }));
    const rows = await tx.query<MetadataRow>(
      `update ${this.table} as old set display_name = new.display_name, folder = new.folder, labels = new.labels,
         spec = new.spec, status = new.status, resource_version = nextval('resource_version'),
         generation = old.generation + new.generations, updated_at = now()
       from jsonb_to_recordset($1) as new
         (uid uuid, display_name text, folder text, labels jsonb, spec jsonb, status jsonb, generations int)
       where old.uid = new.uid returning ${METADATA.split(', ')
         .map((column) => `old.${column}`)
         .join(', ')}`,
      [JSON.stringify(documents)],
    );
    return this.together(rows, documents);
  }

  /** Rows with what was written into them, which need not travel back; in the order of the documents. */
  private together(
    rows: readonly MetadataRow[],
    documents: readonly { readonly uid: string; readonly spec: Spec; readonly status: Status }[],
  ): Resource<Spec, Status>[] {
    const byUid = new Map(rows.map((row) => [row.uid, row]));
    return documents.flatMap(({ uid, spec, status }) => {
      const row = byUid.get(uid);
      return row ? [this.toResource({ ...row, spec, status })] : [];
    });
  }

  async update(
    tx: Transaction,
    current: Resource<Spec, Status>,
    input: ResourceInput<Spec>,
    status: Status,
    specChanged: boolean,
  ): Promise<Resource<Spec, Status>> {
    const rows = await tx.query<MetadataRow>(
      `update ${this.table} set display_name = $2, folder = $3, labels = $4, spec = $5, status = $6,
         resource_version = nextval('resource_version'), generation = generation + $7, updated_at = now()
       where uid = $1 returning ${METADATA}`,
      [
        current.metadata.uid,
        input.metadata.displayName ?? null,
        input.metadata.folder ?? null,
        JSON.stringify(input.metadata.labels ?? {}),
        JSON.stringify(input.spec),
        JSON.stringify(status),
        specChanged ? 1 : 0,
      ],
    );
    // What was written need not travel back.
    return this.toResource({ ...rows[0]!, spec: input.spec, status });
  }

  /** Puts what is in a folder, at any depth, to the same place in another one; some of it, in the order of names. */
  async moveFolder(
    tx: Transaction,
    from: string,
    to: string,
    after: string,
    limit: number,
  ): Promise<Resource<Spec, Status>[]> {
    const rows = await tx.query<Row>(
      `with chosen as (
         select uid from ${this.table} where (folder = $1 or starts_with(folder, $1 || '/')) and name > $3
         order by name limit $4 for update
       ), moved as (
         update ${this.table} set folder = $2::text || substr(folder, length($1::text) + 1),
           resource_version = nextval('resource_version'), updated_at = now()
         where uid in (select uid from chosen) returning ${COLUMNS}
       )
       select * from moved order by name`,
      [from, to, after, limit],
    );
    return rows.map((row) => this.toResource(row));
  }

  async updateStatus(tx: Transaction, uid: string, status: Status): Promise<Resource<Spec, Status> | undefined> {
    return this.one(
      await tx.query<Row>(
        `update ${this.table} set status = $2, resource_version = nextval('resource_version'), updated_at = now()
         where uid = $1 returning ${COLUMNS}`,
        [uid, JSON.stringify(status)],
      ),
    );
  }

  async remove(tx: Transaction, uid: string): Promise<void> {
    await tx.query(`delete from ${this.table} where uid = $1`, [uid]);
  }

  private one(rows: Row[]): Resource<Spec, Status> | undefined {
    return rows[0] && this.toResource(rows[0]);
  }

  private toResource(row: Row): Resource<Spec, Status> {
    const metadata: Metadata = {
      name: row.name,
      ...(row.display_name === null ? {} : { displayName: row.display_name }),
      ...(row.folder === null ? {} : { folder: row.folder }),
      ...(Object.keys(row.labels).length === 0 ? {} : { labels: row.labels }),
      uid: row.uid,
      resourceVersion: String(row.resource_version),
      generation: row.generation,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    };
    return {
      apiVersion: API_VERSION,
      kind: this.kind.kind,
      metadata,
      spec: row.spec as Spec,
      status: row.status as Status,
    };
  }
}

function written<Spec>({ metadata, spec }: ResourceInput<Spec>) {
  return {
    name: metadata.name,
    display_name: metadata.displayName ?? null,
    folder: metadata.folder ?? null,
    labels: metadata.labels ?? {},
    spec,
  };
}
