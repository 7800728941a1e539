import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import type { LeafConnection } from '@muster/contracts/hierarchy/joining.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

const COLUMNS =
  'code, hierarchy_site.kind, parent, public_key as "publicKey", revoked_at is not null as revoked, ' +
  'previous_keys as "previousKeys", knows_key as "knowsKey"';

/** The sites of the hierarchy as this one knows them. All services copy what is written here. */
export class SiteRepository {
  async list(database: Queryable): Promise<HierarchySiteRecord[]> {
    return database.query<HierarchySiteRecord>(`select ${COLUMNS} from hierarchy_site order by code`);
  }

  async find(database: Queryable, code: string): Promise<HierarchySiteRecord | undefined> {
    const [row] = await database.query<HierarchySiteRecord>(`select ${COLUMNS} from hierarchy_site where code = $1`, [
      code,
    ]);
    return row;
  }

  /** Sites right below one that have no replica yet. */
  async untold(database: Queryable, parent: string, kind: string, limit: number): Promise<HierarchySiteRecord[]> {
    return database.query<HierarchySiteRecord>(
      `select ${COLUMNS} from hierarchy_site where parent = $1
         and not exists (select from replica where replica.kind = $2 and replica.key = hierarchy_site.code)
       order by code limit $3`,
      [parent, kind, limit],
    );
  }

  /** Whoever changes places takes turns: what was looked at stays so until the transaction ends. */
  async takeTurn(tx: Transaction): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('hierarchy', 0))`);
  }

  async save(tx: Transaction, site: HierarchySiteRecord): Promise<void> {
    await tx.query(
      `insert into hierarchy_site (code, kind, parent, public_key, revoked_at, previous_keys, knows_key)
       values ($1, $2, $3, $4, case when $5 then now() end, $6, $7)
       on conflict (code) do update set kind = excluded.kind, parent = excluded.parent, public_key = excluded.public_key,
         revoked_at = case when $5 then coalesce(hierarchy_site.revoked_at, now()) end,
         previous_keys = excluded.previous_keys, knows_key = excluded.knows_key`,
      [
        site.code,
        site.kind,
        site.parent,
        site.publicKey ? JSON.stringify(site.publicKey) : null,
        site.revoked,
        JSON.stringify(site.previousKeys ?? []),
        site.knowsKey ?? null,
      ],
    );
  }

  /** How the bus connects to that of the site above; undefined: this site has not joined one. */
  async leaf(database: Queryable): Promise<LeafConnection | null | undefined> {
    const [row] = await database.query<{ leaf: LeafConnection | null }>('select leaf from hierarchy_parent');
    return row && row.leaf;
  }

  /** Where the site above answered when this one joined it, without a path; undefined: it joined none, or that was not kept yet. */
  async parentAddress(database: Queryable): Promise<string | undefined> {
    const [row] = await database.query<{ address: string | null }>('select address from hierarchy_parent');
    return row?.address ?? undefined;
  }

  async saveParent(
    tx: Transaction,
    { leaf, address }: { leaf: LeafConnection | null; address: string },
  ): Promise<void> {
    await tx.query(
      `insert into hierarchy_parent (leaf, address) values ($1, $2)
       on conflict (only_row) do update set leaf = excluded.leaf, address = excluded.address`,
      [leaf ? JSON.stringify(leaf) : null, address],
    );
  }
}
