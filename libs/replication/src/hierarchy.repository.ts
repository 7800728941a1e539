import { isAtOrBelow, type Site, type SiteKind } from '@muster/hierarchy/sites.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { KeysOfSite } from './changed-keys.js';
import type { SitePublicKey } from './site-signature.js';

/** A site as this service knows it. It has no key where this site has no link to it. */
export interface KnownSite extends Site, KeysOfSite {
  readonly revoked: boolean;
  /** `x` of the key by which it knows this site; null: of the first. */
  readonly knowsKey?: string | null | undefined;
}

/** The hierarchy as seen from one of its sites. */
export class Hierarchy {
  readonly places: ReadonlyMap<string, Site>;

  constructor(
    readonly here: string,
    readonly sites: ReadonlyMap<string, KnownSite>,
  ) {
    this.places = sites;
  }

  /** This site's own place; undefined while it belongs to no hierarchy. */
  get own(): KnownSite | undefined {
    return this.sites.get(this.here);
  }

  /** Sites that this one has a link to. */
  get neighbours(): readonly KnownSite[] {
    const { own } = this;
    if (!own) return [];
    return [...this.sites.values()].filter(
      (site) => !site.revoked && site.publicKey !== null && (site.code === own.parent || site.parent === own.code),
    );
  }

  /** Of the link between this site and a neighbour: the sites whose site data crosses it, those at or below its lower end. */
  ownersOver(neighbour: Site): readonly string[] {
    const lower = neighbour.parent === this.here ? neighbour.code : this.here;
    return [...this.sites.keys()].filter((code) => isAtOrBelow(code, lower, this.places));
  }
}

interface SiteRow {
  code: string;
  kind: SiteKind;
  parent: string | null;
  public_key: SitePublicKey | null;
  previous_keys: { x: string; until: string }[];
  knows_key: string | null;
  revoked: boolean;
}

/** The service's copy of who belongs to the hierarchy. */
export class HierarchyRepository {
  async read(database: Queryable, here: string): Promise<Hierarchy> {
    const rows = await database.query<SiteRow>(
      'select code, kind, parent, public_key, previous_keys, knows_key, revoked_at is not null as revoked from hierarchy_site',
    );
    const sites = rows.map(({ code, kind, parent, revoked, ...keys }): KnownSite => {
      const { public_key: publicKey, previous_keys: previousKeys, knows_key: knowsKey } = keys;
      return { code, kind, parent: parent ?? undefined, publicKey, previousKeys, knowsKey, revoked };
    });
    return new Hierarchy(here, new Map(sites.map((site) => [site.code, site])));
  }

  /** Whether this service knows of a hierarchy at all. */
  async save(tx: Transaction, site: KnownSite): Promise<void> {
    await tx.query(
      `insert into hierarchy_site (code, kind, parent, public_key, revoked_at, previous_keys, knows_key)
       values ($1, $2, $3, $4, case when $5 then now() end, $6, $7)
       on conflict (code) do update set kind = excluded.kind, parent = excluded.parent,
         public_key = coalesce(excluded.public_key, hierarchy_site.public_key),
         revoked_at = case when $5 then coalesce(hierarchy_site.revoked_at, now()) end,
         previous_keys = excluded.previous_keys, knows_key = excluded.knows_key`,
      [
        site.code,
        site.kind,
        site.parent ?? null,
        site.publicKey ? JSON.stringify(site.publicKey) : null,
        site.revoked,
        JSON.stringify(site.previousKeys ?? []),
        site.knowsKey ?? null,
      ],
    );
  }
}
