import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { BusLinksFile } from '@muster/contracts/hierarchy/joining.js';
import { Database } from '@muster/persistence/database.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { PolicyConfig } from '../config.js';
import { LeafPasswords } from './leaf-passwords.js';
import { SiteRepository } from './site.repository.js';

/**
 * Tells whoever runs the bus on this machine which other buses it is connected to, by a file. What the file says follows from the
 * database, and it is written again at every start. On Kubernetes there is no such file: there the operator connects the buses.
 */
@Injectable()
export class BusLinks implements OnApplicationBootstrap {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SiteRepository) private readonly sites: SiteRepository,
    @Inject(LeafPasswords) private readonly passwords: LeafPasswords,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.write();
  }

  /** After every change of a neighbour. A file that cannot be written is a line in the log: the next start writes it. */
  async write(): Promise<void> {
    const file = this.config.MUSTER_BUS_LINKS_FILE;
    if (file === undefined) return;
    try {
      const temporary = `${file}.${randomUUID()}`;
      await writeFile(temporary, `${JSON.stringify(await this.links(), null, 2)}\n`, { mode: 0o600 });
      await rename(temporary, file);
    } catch (error) {
      this.logger.error({ err: error, code: 'hierarchy.bus-not-told' }, 'cannot tell the bus of its links');
    }
  }

  private async links(): Promise<BusLinksFile> {
    const here = this.config.MUSTER_SITE;
    const children: BusLinksFile['children'] = [];
    for (const { code, parent, revoked } of await this.sites.list(this.database)) {
      if (parent !== here || revoked) continue;
      const password = await this.passwords.of(this.database, code);
      if (password !== undefined) children.push({ code, password });
    }
    const leaf = await this.sites.leaf(this.database);
    if (!leaf) return { children, parent: null };
    const password = await this.passwords.open(leaf, here);
    if (password === undefined)
      this.logger.error(
        { code: 'hierarchy.other-sealing-key' },
        'the sealing key of this site is another than when it joined: its bus cannot connect to that of the site above',
      );
    const { host, port, user } = leaf;
    return { children, parent: password === undefined ? null : { host, port, user, password } };
  }
}
