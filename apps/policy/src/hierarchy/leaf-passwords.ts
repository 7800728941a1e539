import { Inject, Injectable } from '@nestjs/common';
import type { LeafConnection } from '@muster/contracts/hierarchy/joining.js';
import type { Queryable } from '@muster/persistence/database.js';
import { seal } from '@muster/service/sealing/seal.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { PolicyConfig } from '../config.js';
import { SiteSealing } from '../sealing/site-sealing.js';
import { SiteKey } from '../site-key/site-key.js';
import { JoinTokenRepository } from './join-token.repository.js';

/** The passwords by which the buses of the sites below connect to this site's. They follow from the site's key: none is kept. */
@Injectable()
export class LeafPasswords {
  constructor(
    @Inject(SiteKey) private readonly siteKey: SiteKey,
    @Inject(SiteSealing) private readonly sealing: SiteSealing,
    @Inject(JoinTokenRepository) private readonly tokens: JoinTokenRepository,
    @Inject(CONFIG) private readonly config: PolicyConfig,
  ) {}

  /** Another one for every joining: a site that was revoked and is let in again does not have its old one. */
  async of(database: Queryable, child: string): Promise<string | undefined> {
    const token = await this.tokens.lastUsed(database, child);
    return token && this.siteKey.deriveLasting(`muster leaf ${child} ${token.uid}`).export().toString('base64url');
  }

  /** What a child is told; null where whoever runs the buses connects them. */
  async connection(database: Queryable, child: string): Promise<LeafConnection | null> {
    const address = this.config.MUSTER_LEAF_ADDRESS;
    const password = await this.of(database, child);
    if (!address || password === undefined) return null;
    const sealedPassword = await seal({ for: placeOf(child), value: password }, this.sealing.publicKey);
    return { host: address.host, port: address.port, user: `leaf-${child}`, sealedPassword };
  }

  /** The password in a connection that this site was told; undefined when it cannot be opened any more. */
  async open(connection: LeafConnection, here: string): Promise<string | undefined> {
    const opened = await this.sealing.open(connection.sealedPassword, placeOf(here));
    return 'value' in opened ? opened.value : undefined;
  }
}

function placeOf(child: string): string {
  return `Site/${child}/leaf`;
}
