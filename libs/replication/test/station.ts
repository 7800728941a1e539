import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LinkBus } from '@muster/messaging/link-bus.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { migrate } from '@muster/persistence/migrate.js';
import { MusterError } from '@muster/platform/errors.js';
import { linkUser } from '@muster/localsite/nats.js';
import type { TestServers } from '@muster/testing/servers.js';
import { z } from 'zod';
import { HierarchyRepository, type KnownSite } from '../src/hierarchy.repository.js';
import { LinkRepository } from '../src/link.repository.js';
import { ProblemRepository } from '../src/problem.repository.js';
import { ReplicaLog } from '../src/replica-log.js';
import { ReplicaRepository } from '../src/replica.repository.js';
import { Replication } from '../src/replication.js';
import type { ReplicatedKind } from '../src/replicated-kind.js';
import { LinkKey } from '../src/site-signature.js';

const noteSchema = z.object({ text: z.string() });

/** A kind as simple as may be: a table of texts. "refused" is a text that no site can use. */
export const note: ReplicatedKind = {
  kind: 'Note',
  schemaVersion: 1,
  understand: (content) => noteSchema.parse(content),
  async use(tx, key, content) {
    const { text } = (content ?? { text: null }) as { text: string | null };
    if (text === 'refused') throw new MusterError('invalid', 'note.refused', 'This text is refused here');
    if (text === null) await tx.query('delete from note where key = $1', [key]);
    else {
      await tx.query('insert into note values ($1, $2) on conflict (key) do update set text = excluded.text', [
        key,
        text,
      ]);
    }
  },
  async useMany(tx, objects) {
    const notes = objects.map(({ key, content }) => ({
      key,
      text: (content as { text: string } | null)?.text ?? null,
    }));
    if (notes.some(({ text }) => text === 'refused')) {
      throw new MusterError('invalid', 'note.refused', 'This text is refused here');
    }
    const gone = notes.filter(({ text }) => text === null).map(({ key }) => key);
    if (gone.length > 0) await tx.query('delete from note where key = any ($1::text[])', [gone]);
    await tx.query(
      `insert into note select key, text from json_to_recordset($1::json) as new (key text, text text) where text is not null
       on conflict (key) do update set text = excluded.text`,
      [JSON.stringify(notes)],
    );
  },
};

export function newLinkKey(): LinkKey {
  return new LinkKey(newLinkKeyPem());
}

/** A key, and the one that the site had before it. */
export function newRenewedLinkKey(): LinkKey {
  return new LinkKey(`${newLinkKeyPem()}${newLinkKeyPem()}`);
}

/** PKCS #8 in PEM: for a process of its own. */
export function newLinkKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** One service at one site, as the service kit wires it. */
export class Station {
  readonly errors: unknown[] = [];
  readonly links = new LinkRepository();
  readonly problems = new ProblemRepository();
  readonly replicas = new ReplicaRepository();
  /** Milliseconds that this site's clock is ahead. */
  clockAhead = 0;
  readonly log: ReplicaLog;
  replication: Replication;

  private constructor(
    readonly site: string,
    readonly database: Database,
    readonly bus: LinkBus,
    readonly key: LinkKey,
  ) {
    this.log = new ReplicaLog(site, () => Date.now() + this.clockAhead);
    this.replication = this.newReplication();
  }

  static async open(servers: TestServers, key: LinkKey): Promise<Station> {
    const { site } = servers;
    const url = servers.environment('catalog')['MUSTER_DATABASE_URL'] ?? '';
    const folder = await mkdtemp(join(tmpdir(), 'muster-no-migrations-'));
    await migrate({ url, schema: 'catalog', folder, log: () => undefined });
    await rm(folder, { recursive: true });
    const database = new Database({ url, schema: 'catalog' });
    await database.query('create table if not exists note (key text primary key, text text not null)');
    const { user, password } = linkUser(site.layout, 'catalog');
    const bus = await LinkBus.connect({
      url: `nats://127.0.0.1:${site.ports['nats']}`,
      user,
      password,
      site: site.siteCode,
      service: 'catalog',
    });
    return new Station(site.siteCode, database, bus, key);
  }

  async know(...sites: KnownSite[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      for (const site of sites) await new HierarchyRepository().save(tx, site);
    });
    this.replication.sitesChanged();
  }

  /** As a service writes: its own table and the record, in one transaction. */
  async write(key: string, text: string | null): Promise<void> {
    await this.database.transaction((tx) => this.writeIn(tx, key, text));
  }

  async writeIn(tx: Transaction, key: string, text: string | null): Promise<void> {
    await note.use(tx, key, text === null ? null : { text }, 'test');
    await this.log.record(tx, note, key, text === null ? null : { text });
  }

  async text(key: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ text: string }>('select text from note where key = $1', [key]);
    return row?.text;
  }

  /** A digest of all that this site has to say and to keep. */
  async digest(): Promise<string> {
    const digests = await this.replicas.digests(this.database, []);
    const [notes] = await this.database.query<{ sum: string }>(
      // Without an order: sorting the texts of millions takes longer than a statement may.
      `select coalesce(sum(hashtextextended(key || '=' || text, 0)::numeric), 0)::text as sum from note`,
    );
    return JSON.stringify([digests, notes]);
  }

  async conflicts(): Promise<string[]> {
    const rows = await this.database.query<{ key: string }>(
      `select key from replica where kind = 'Conflict' order by key`,
    );
    return rows.map(({ key }) => key);
  }

  start(): void {
    this.replication.start();
  }

  async close(): Promise<void> {
    await this.replication.stop();
    await this.bus.close();
    await this.database.close();
  }

  private newReplication(): Replication {
    return new Replication(this.database, this.bus, this.log, [note], {
      here: this.site,
      key: this.key,
      now: () => Date.now() + this.clockAhead,
      comparisons: { lookMilliseconds: 200 },
      report: { error: (error) => this.errors.push(error), parked: () => undefined, waiting: () => undefined },
    });
  }
}
