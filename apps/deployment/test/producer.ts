import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from '@muster/contracts/resource.js';
import type { EventDefinition } from '@muster/contracts/subjects.js';
import { Bus } from '@muster/messaging/bus.js';
import { OutboxRelay } from '@muster/messaging/relay.js';
import { Database } from '@muster/persistence/database.js';
import { migrate } from '@muster/persistence/migrate.js';
import { Outbox, publishedPosition } from '@muster/persistence/outbox.js';

/** Another service as this one sees it: an outbox whose facts go the real way, and a place on the bus for answers. */
export class Producer {
  private constructor(
    private readonly database: Database,
    readonly bus: Bus,
    private readonly outbox: Outbox,
    private readonly relay: OutboxRelay,
  ) {}

  /** @param environment the MUSTER_ settings of the service that it stands for */
  static async open(service: ServiceName, environment: NodeJS.ProcessEnv): Promise<Producer> {
    const url = environment['MUSTER_DATABASE_URL'] ?? '';
    const site = environment['MUSTER_SITE'] ?? '';
    const folder = await mkdtemp(join(tmpdir(), 'muster-no-migrations-'));
    try {
      await migrate({ url, schema: service, folder, log: () => undefined });
    } finally {
      await rm(folder, { recursive: true });
    }
    const database = new Database({ url, schema: service });
    const bus = await Bus.connect({
      url: environment['MUSTER_NATS_URL'] ?? '',
      user: environment['MUSTER_NATS_USER'],
      password: environment['MUSTER_NATS_PASSWORD'],
      site,
      service,
    });
    const outbox = new Outbox(site);
    const relay = new OutboxRelay(database, bus, service, outbox, () => undefined);
    relay.start();
    return new Producer(database, bus, outbox, relay);
  }

  async publish<Payload>(event: EventDefinition<Payload>, payload: Payload): Promise<void> {
    await this.database.transaction((tx) => this.outbox.add(tx, event, payload));
  }

  /** All in one transaction, so that they may come together. */
  async publishMany<Payload>(event: EventDefinition<Payload>, payloads: readonly Payload[]): Promise<void> {
    await this.database.transaction((tx) => this.outbox.addMany(tx, event, payloads));
  }

  /** Of the newest fact; undefined while there are some that have none yet. */
  async position(): Promise<number | undefined> {
    const [row] = await this.database.query<{ position: number | null }>(
      `select case when not exists (select 1 from outbox where position is null) then position end as position from outbox_head`,
    );
    return row?.position ?? undefined;
  }

  /** Of the newest fact that the bus has. */
  async published(): Promise<number> {
    return publishedPosition(this.database);
  }

  async close(): Promise<void> {
    await this.relay.stop();
    await this.bus.close();
    await this.database.close();
  }
}
