import type { LinkEntry } from '@muster/contracts/links/link-messages.js';
import type { Belonging } from '@muster/hierarchy/data-classes.js';
import { START, type Position } from '@muster/hierarchy/link.js';
import type { Replica } from '@muster/hierarchy/replica.js';
import { violatedConstraint, type Queryable, type Transaction } from '@muster/persistence/database.js';

/** A replicated object at this site. */
export interface StoredReplica extends Belonging {
  readonly kind: string;
  readonly key: string;
  readonly replica: Replica;
  readonly schemaVersion: number;
  /** The neighbour that sent exactly this. */
  readonly via?: string | undefined;
}

/** What names an object in all the hierarchy. */
export interface ReplicaName {
  readonly kind: string;
  readonly key: string;
}

/** A page of the feed: entries as JSON texts that nobody reads on the way. */
export interface FeedPage {
  readonly entries: string[];
  readonly upto: Position;
  /** There is more after `upto`. */
  readonly more: boolean;
}

/** So many names of lives that are over are kept. */
const FORMER_LIVES = 100;
/** Of a message between sites; the bus carries 8 MB, and a character may be three bytes. */
const MOST_CHARACTERS = 2_500_000;

interface Row {
  kind: string;
  key: string;
  data_class: Belonging['dataClass'];
  owner: string | null;
  site: string;
  stamp: number;
  basis: Record<string, number>;
  seen: Record<string, number>;
  content: unknown;
  schema_version: number;
}

const COLUMNS = 'kind, key, data_class, owner, site, stamp, basis, seen, content, schema_version';
const FIELDS = `kind text, key text, data_class text, owner text, site text, stamp bigint, basis jsonb, seen jsonb,
  content jsonb, schema_version int, via text`;

/** Another transaction wrote an object between this one's look and its write: do it again. */
export class ReplicaMoved extends Error {
  /** As Postgres calls it: serialization failure, so that callers see that trying again helps. */
  readonly code = '40001';
}

/** Replicated objects, and the feed that they are. */
export class ReplicaRepository {
  async find(database: Queryable, { kind, key }: ReplicaName): Promise<StoredReplica | undefined> {
    const rows = await database.query<Row>(`select ${COLUMNS} from replica where kind = $1 and key = $2`, [kind, key]);
    return rows[0] && stored(rows[0]);
  }

  async findForUpdate(tx: Transaction, { kind, key }: ReplicaName): Promise<StoredReplica | undefined> {
    const sql = `select ${COLUMNS} from replica where kind = $1 and key = $2 for update`;
    const rows = await tx.query<Row>(sql, [kind, key]);
    return rows[0] && stored(rows[0]);
  }

  /** Those that exist, by `kind/key`. */
  async findMany(database: Queryable, names: readonly ReplicaName[]): Promise<Map<string, StoredReplica>> {
    return this.byName(database, names, '');
  }

  /** The same, locked: those of one kind in the order of keys, so that two who want the same ones wait instead of blocking each other. */
  async findManyForUpdate(tx: Transaction, names: readonly ReplicaName[]): Promise<Map<string, StoredReplica>> {
    return this.byName(tx, names, 'order by key for update');
  }

  private async byName(
    database: Queryable,
    names: readonly ReplicaName[],
    locked: string,
  ): Promise<Map<string, StoredReplica>> {
    const found = new Map<string, StoredReplica>();
    // Few kinds, many keys: each key by the index, however many there are. A join would read the whole table.
    for (const [kind, ofKind] of Map.groupBy(names, (name) => name.kind)) {
      const sql = `select ${COLUMNS} from replica where kind = $1 and key = any ($2::text[]) ${locked}`;
      for (const row of await database.query<Row>(sql, [kind, ofKind.map(({ key }) => key)])) {
        found.set(`${kind}/${row.key}`, stored(row));
      }
    }
    return found;
  }

  /** Data of a kind that belongs to a site, by key. */
  async ownedBy(database: Queryable, kind: string, owner: string): Promise<Map<string, unknown>> {
    const rows = await database.query<{ key: string; content: unknown }>(
      'select key, content from replica where kind = $1 and owner = $2 and content is not null',
      [kind, owner],
    );
    return new Map(rows.map(({ key, content }) => [key, content]));
  }

  /** Site data about objects, kept under `name/site`; in the order of sites. */
  async aboutObjects(
    database: Queryable,
    kind: string,
    names: readonly string[],
  ): Promise<{ name: string; site: string; content: unknown }[]> {
    // "0" comes after "/".
    return database.query(
      `select wanted.name, owner as site, content from unnest($2::text[]) as wanted (name)
       join replica on kind = $1 and key > wanted.name || '/' and key < wanted.name || '0'
       where content is not null order by wanted.name, owner`,
      [kind, names],
    );
  }

  /** What there is of a kind and not deleted, the latest writes first; or the one of that key. */
  async latest(database: Queryable, kind: string, limit: number, key?: string): Promise<StoredReplica[]> {
    const rows = await database.query<Row>(
      `select ${COLUMNS} from replica where kind = $1 and content is not null and ($3::text is null or key = $3)
       order by stamp desc, key limit $2`,
      [kind, limit, key ?? null],
    );
    return rows.map(stored);
  }

  /**
   * Writes objects that were found as `before` says, and no others: throws ReplicaMoved when one of them is another by now. Each
   * gets its new place in the feed.
   */
  async save(
    tx: Transaction,
    objects: readonly StoredReplica[],
    before: ReadonlyMap<string, StoredReplica>,
  ): Promise<void> {
    const known = objects.filter(({ kind, key }) => before.has(`${kind}/${key}`));
    const fresh = objects.filter(({ kind, key }) => !before.has(`${kind}/${key}`));
    if (known.length > 0) {
      const updated = await tx.query(
        `update replica set data_class = new.data_class, owner = new.owner, site = new.site, stamp = new.stamp,
           basis = new.basis, seen = new.seen, content = new.content, schema_version = new.schema_version, via = new.via,
           transaction = pg_current_xact_id(), sequence = nextval('replica_sequence')
         from jsonb_to_recordset($1::jsonb) as new (${FIELDS}, was_site text, was_stamp bigint, was_seen jsonb)
         where replica.kind = new.kind and replica.key = new.key
           and replica.site = was_site and replica.stamp = was_stamp and replica.seen = was_seen
         returning 1 as one`,
        [
          JSON.stringify(
            known.map((object) => {
              const { version, seen } = before.get(`${object.kind}/${object.key}`)!.replica;
              return { ...record(object), was_site: version.site, was_stamp: version.stamp, was_seen: seen };
            }),
          ),
        ],
      );
      if (updated.length !== known.length) throw new ReplicaMoved('a replicated object was written meanwhile');
    }
    if (fresh.length > 0) {
      const columns = fresh.map(record);
      const documents = (name: 'basis' | 'seen' | 'content') => JSON.stringify(columns.map((one) => one[name]));
      // Columns in arrays: to take records apart costs more than to write them.
      const inserting = tx.query(
        `insert into replica (${COLUMNS}, via)
         select kind, key, data_class, owner, site, stamp, basis, seen, nullif(content, 'null'), schema_version, via
         from (select unnest($1::text[]) as kind, unnest($2::text[]) as key, unnest($3::text[]) as data_class,
           unnest($4::text[]) as owner, unnest($5::text[]) as site, unnest($6::bigint[]) as stamp,
           jsonb_array_elements($7::jsonb) as basis, jsonb_array_elements($8::jsonb) as seen,
           jsonb_array_elements($9::jsonb) as content, unnest($10::int[]) as schema_version, unnest($11::text[]) as via) new`,
        [
          columns.map(({ kind }) => kind),
          columns.map(({ key }) => key),
          columns.map((one) => one.data_class),
          columns.map(({ owner }) => owner),
          columns.map(({ site }) => site),
          columns.map(({ stamp }) => stamp),
          documents('basis'),
          documents('seen'),
          documents('content'),
          columns.map((one) => one.schema_version),
          columns.map(({ via }) => via),
        ],
      );
      // "on conflict do nothing" would look each of them up once more, for what hardly ever happens.
      await inserting.catch((error: unknown) => {
        if (violatedConstraint(error) !== 'replica_pkey') throw error;
        throw new ReplicaMoved('a replicated object was made meanwhile', { cause: error });
      });
    }
  }

  /** Behind all that is written or begun, also what cannot be told yet as an older transaction is open. */
  async head(database: Queryable): Promise<Position> {
    const [row] = await database.query<Position>(
      `select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as transaction, last_value as sequence from replica_sequence`,
    );
    return row ?? START;
  }

  /** The life of the feed, and those that are over. */
  async lives(database: Queryable): Promise<{ life: string; former: string[] }> {
    const [row] = await database.query<{ life: string; former: string[] }>('select life, former from replica_feed');
    if (!row) throw new Error('the table replica_feed has no row');
    return row;
  }

  /** The same, held until the transaction ends. */
  async livesForUpdate(tx: Transaction): Promise<{ life: string; former: string[] }> {
    await tx.query('select from replica_feed for update');
    return this.lives(tx);
  }

  /** This site was restored: its feed has another life. @param unknown a life that it had, and has forgotten */
  async beginAnotherLife(tx: Transaction, unknown: string | null): Promise<string> {
    const [row] = await tx.query<{ life: string }>(
      `update replica_feed set life = gen_random_uuid(),
         former = (array_remove(former || life || $1::uuid, null))[greatest(1, cardinality(former) - ${FORMER_LIVES}):]
       returning life`,
      [unknown],
    );
    if (!row) throw new Error('the table replica_feed has no row');
    return row.life;
  }

  /** Whether something is written that readers cannot be told yet. */
  async unsettled(database: Queryable): Promise<boolean> {
    const [row] = await database.query<{ found: boolean }>(
      `select exists (select 1 from replica where transaction >= pg_snapshot_xmin(pg_current_snapshot())) as found`,
    );
    return row?.found ?? false;
  }

  /**
   * The feed after a position, for one neighbour.
   *
   * @param owners sites whose site data the neighbour may have
   * @param everythingUntil up to here also what the neighbour itself sent
   */
  async feed(
    database: Queryable,
    options: {
      after: Position;
      limit: number;
      peer: string;
      owners: readonly string[];
      everythingUntil: Position;
    },
  ): Promise<FeedPage> {
    const { after, limit, peer, owners, everythingUntil } = options;
    const rows = await database.query<Position & { entry: string | null }>(
      `select ${POSITION},
         case when (via is distinct from $4 or (transaction, sequence) <= ($5::text::xid8, $6::bigint))
               and (data_class = 'global' or data_class = 'site' and owner = any ($7::text[]))
         then ${ENTRY} end as entry
       from replica
       where (transaction, sequence) > ($1::text::xid8, $2::bigint)
         and transaction < pg_snapshot_xmin(pg_current_snapshot())
       order by replica.transaction, sequence limit $3`,
      [
        String(after.transaction),
        after.sequence,
        limit,
        peer,
        String(everythingUntil.transaction),
        everythingUntil.sequence,
        owners,
      ],
    );
    const entries: string[] = [];
    let characters = 0;
    let upto = after;
    for (const { entry, ...position } of rows) {
      characters += entry?.length ?? 0;
      if (characters > MOST_CHARACTERS && entries.length > 0) return { entries, upto, more: true };
      if (entry !== null) entries.push(withPosition(entry, position));
      upto = position;
    }
    return { entries, upto, more: rows.length === limit };
  }

  /** What this site has, in one digest per kind and bucket; the order of objects does not count. */
  async digests(
    database: Queryable,
    owners: readonly string[],
  ): Promise<{ kind: string; bucket: number; count: number; digest: string }[]> {
    return database.query(
      `select kind, bucket, count(*) as count,
         to_hex(bit_xor(('x' || left(md5(concat_ws('/', kind, key, site, stamp, seen::text, md5(content::text))), 16))::bit(64)::bigint)) as digest
       from replica where data_class = 'global' or data_class = 'site' and owner = any ($1::text[])
       group by kind, bucket order by kind, bucket`,
      [owners],
    );
  }

  /** Objects of some buckets after a key, as JSON texts. */
  async buckets(
    database: Queryable,
    options: { kind: string; buckets: readonly number[]; afterKey: string; limit: number; owners: readonly string[] },
  ): Promise<{ entries: string[]; lastKey: string | null }> {
    const { kind, buckets, afterKey, limit, owners } = options;
    const rows = await database.query<Position & { key: string; entry: string }>(
      `select key, ${POSITION}, ${ENTRY} as entry from replica
       where kind = $1 and bucket = any ($2::int[]) and key > $3
         and (data_class = 'global' or data_class = 'site' and owner = any ($5::text[]))
       order by key limit $4`,
      [kind, buckets, afterKey, limit, owners],
    );
    const entries: string[] = [];
    let characters = 0;
    let lastKey: string | null = null;
    for (const { key, entry, ...position } of rows) {
      characters += entry.length;
      if (characters > MOST_CHARACTERS && entries.length > 0) return { entries, lastKey };
      entries.push(withPosition(entry, position));
      lastKey = key;
    }
    return { entries, lastKey: rows.length === limit ? lastKey : null };
  }

  /** Puts objects at the end of the feed again, so that every neighbour hears of them. */
  async tellAgain(tx: Transaction, names: readonly ReplicaName[]): Promise<void> {
    await tx.query(
      `update replica set transaction = pg_current_xact_id(), sequence = nextval('replica_sequence'), via = null
       from unnest($1::text[], $2::text[]) as wanted (wanted_kind, wanted_key)
       where kind = wanted_kind and key = wanted_key`,
      [names.map(({ kind }) => kind), names.map(({ key }) => key)],
    );
  }
}

/** An object as another site sent it. */
export function received(entry: LinkEntry, via: string | undefined): StoredReplica {
  const { kind, key, dataClass, owner, site, stamp, basis, seen, content, schemaVersion } = entry;
  return {
    kind,
    key,
    dataClass,
    owner: owner ?? undefined,
    schemaVersion,
    via,
    replica: { version: { site, stamp }, basis, seen, content: content ?? null },
  };
}

/**
 * The entry as the database writes it, but for its position: that stands in the row beside it. A composite value is written much
 * faster than the same by `json_build_object`.
 */
const ENTRY = `(select row_to_json(entry) from (select kind, key, data_class as "dataClass", owner, site, stamp, basis, seen,
  schema_version as "schemaVersion", content) as entry)::text`;
const POSITION = 'transaction::text::bigint as transaction, sequence';

function withPosition(entry: string, { transaction, sequence }: Position): string {
  return `${entry.slice(0, -1)},"position":${JSON.stringify({ transaction, sequence })}}`;
}

function stored(row: Row): StoredReplica {
  const { kind, key, site, stamp, basis, seen, content, owner } = row;
  return {
    kind,
    key,
    dataClass: row.data_class,
    owner: owner ?? undefined,
    schemaVersion: row.schema_version,
    replica: { version: { site, stamp }, basis, seen, content },
  };
}

function record({ kind, key, dataClass, owner, replica, schemaVersion, via }: StoredReplica) {
  return {
    kind,
    key,
    data_class: dataClass,
    owner: owner ?? null,
    site: replica.version.site,
    stamp: replica.version.stamp,
    basis: replica.basis,
    seen: replica.seen,
    content: replica.content,
    schema_version: schemaVersion,
    via: via ?? null,
  };
}
