import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { hierarchySiteSchema, type HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import type { Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ReplicatedKind } from '@muster/replication/replicated-kind.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { PolicyConfig } from '../config.js';
import { OwnPlace } from './own-place.js';
import { SiteRepository } from './site.repository.js';

const placeSchema = hierarchySiteSchema.pick({ kind: true, parent: true, revoked: true });

/**
 * Tells all sites which there are: the one that lets a site in, or puts it out, says so. Keys do not travel: whom a site trusts was decided
 * when it joined, and nothing that is told here changes it.
 */
@Injectable()
export class ReplicatedSite implements ReplicatedKind, OnModuleInit {
  readonly kind = 'Site';
  readonly schemaVersion = 1;

  constructor(
    @Inject(Replicas) private readonly replicas: Replicas,
    @Inject(SiteRepository) private readonly sites: SiteRepository,
    @Inject(OwnPlace) private readonly place: OwnPlace,
    @Inject(CONFIG) private readonly config: PolicyConfig,
  ) {}

  onModuleInit(): void {
    this.replicas.add(this);
  }

  /** A site right below this one came, or is out. */
  async record(tx: Transaction, { code, kind, parent, revoked }: HierarchySiteRecord): Promise<void> {
    await this.replicas.record(tx, this, code, { kind, parent, revoked });
  }

  understand(content: unknown): unknown {
    return placeSchema.parse(content);
  }

  /** Only the site above a site says where it is; what this one decided itself, or joined, is not changed by anybody. */
  async use(tx: Transaction, key: string, content: unknown, actor: string): Promise<void> {
    if (content === null) return;
    const said = placeSchema.parse(content);
    await this.sites.takeTurn(tx);
    const own = await this.place.read(tx);
    const known = await this.sites.find(tx, key);
    if (key === own.code || key === own.parent || known?.parent === own.code) return;
    if (actor !== `site:${said.parent}` || (known && known.parent !== said.parent))
      throw new MusterError(
        'conflict',
        'hierarchy.other-place',
        `${actor} says that site ${key} is below ${said.parent}: only the site above says so, and places do not change`,
      );
    const site = { code: key, publicKey: known?.publicKey ?? null, ...said };
    if (known?.kind !== site.kind || known.revoked !== site.revoked) await this.place.save(tx, site);
  }

  /** Sites right below this one that joined before it told of them. */
  async unrecorded(tx: Transaction, limit: number): Promise<{ key: string; content: unknown }[]> {
    const found = await this.sites.untold(tx, this.config.MUSTER_SITE, this.kind, limit);
    return found.map(({ code, kind, parent, revoked }) => ({ key: code, content: { kind, parent, revoked } }));
  }
}
