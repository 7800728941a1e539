import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventDefinition } from '@muster/contracts/subjects.js';
import { Bus } from '@muster/messaging/bus.js';
import { OutboxRelay } from '@muster/messaging/relay.js';
import { Database } from '@muster/persistence/database.js';
import { migrate } from '@muster/persistence/migrate.js';
import { Outbox } from '@muster/persistence/outbox.js';
import type { ServiceConfig } from '@muster/platform/config.js';

/** Another service of the site as far as policy meets it: a real outbox and relay, a real connection for answers. */
export class Producer {
  private constructor(
    readonly bus: Bus,
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly relay: OutboxRelay,
  ) {}

  static async start(service: 'deployment' | 'content' | 'catalog', config: ServiceConfig): Promise<Producer> {
    const folder = await mkdtemp(join(tmpdir(), 'muster-no-migrations-'));
    await migrate({ url: config.MUSTER_DATABASE_URL, schema: service, folder, log: () => undefined });
    await rm(folder, { recursive: true });
    const database = new Database({ url: config.MUSTER_DATABASE_URL, schema: service });
    const bus = await connectBus(service, config);
    const outbox = new Outbox(config.MUSTER_SITE);
    const relay = new OutboxRelay(database, bus, service, outbox, () => undefined);
    relay.start();
    return new Producer(bus, database, outbox, relay);
  }

  async publish<Payload>(event: EventDefinition<Payload>, payload: Payload): Promise<void> {
    await this.database.transaction((tx) => this.outbox.add(tx, event, payload));
  }

  async stop(): Promise<void> {
    await this.relay.stop();
    await this.bus.close();
    await this.database.close();
  }
}

/** A connection to the bus as a service has it: the broker lets each answer its own questions only. */
export async function connectBus(service: string, config: ServiceConfig): Promise<Bus> {
  return Bus.connect({
    url: config.MUSTER_NATS_URL,
    user: config.MUSTER_NATS_USER,
    password: config.MUSTER_NATS_PASSWORD,
    site: config.MUSTER_SITE,
    service,
  });
}
