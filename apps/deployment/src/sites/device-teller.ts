import { sameJson } from '@muster/contracts/digest.js';
import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Resource } from '@muster/contracts/resource.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import type { ReplicaLog } from '@muster/replication/replica-log.js';
import { ReplicaRepository, type StoredReplica } from '@muster/replication/replica.repository.js';
import { ownedKey } from '@muster/service/replication/owned-replicas.js';
import { ReplicatedResource } from '@muster/service/replication/replicated-resource.js';
import type { SiteReplication } from '@muster/service/replication/site-replication.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { Logger } from 'pino';
import { DEVICE_STATE, type DeviceState } from './device-state.js';

const LOOK_MILLISECONDS = 2_000;
/** Whoever writes one of them waits for so many. */
const TOLD_AT_ONCE = 500;
/** How states are written: nobody but the owner of a device writes them, and no words of a newer release are kept in them. */
const STATE = { kind: DEVICE_STATE, schemaVersion: 1, understand: (content: unknown) => content };

/**
 * Tells the sites above what there is of each device: the words of people, and what is true of it. Only of devices that changed, by a list
 * that the database keeps; the work follows the changes, not the fleet.
 */
export class DeviceTeller {
  private readonly replicas = new ReplicaRepository();
  private readonly documents: ReplicatedResource<DeviceSpec, DeviceStatus>;
  private readonly loop: Loop;

  constructor(
    private readonly site: string,
    private readonly database: Database,
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly log: ReplicaLog | undefined,
    private readonly replication: SiteReplication,
    logger: Logger,
  ) {
    this.documents = new ReplicatedResource(devices);
    const failed = (error: unknown) => logger.warn({ err: error }, 'cannot tell the site above of devices right now');
    this.loop = new Loop(() => this.round(), LOOK_MILLISECONDS, failed);
  }

  start(): void {
    if (this.log) this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
  }

  private async round(): Promise<void> {
    if (!this.log || !this.replication.hasParent) return;
    const { log } = this;
    const told = await this.database.transaction((tx) => this.tellSome(tx, log));
    if (told === TOLD_AT_ONCE) this.loop.nudge();
  }

  private async tellSome(tx: Transaction, log: ReplicaLog): Promise<number> {
    // Taken off the list first, read behind that: whoever writes one of them now waits, and puts it on the list again.
    const taken = await tx.query<{ name: string }>(
      `delete from device_untold where name in (
         select name from device_untold order by name limit $1 for update skip locked) returning name`,
      [TOLD_AT_ONCE],
    );
    if (taken.length === 0) return 0;
    const names = taken.map(({ name }) => name).sort();
    const devices = await this.devices.rows.findMany(tx, names);
    const found = new Map(devices.map((device) => [device.metadata.name, device]));
    const kinds = [this.documents.kind, DEVICE_STATE];
    const keys = names.flatMap((name) => kinds.map((kind) => ({ kind, key: ownedKey(name, this.site) })));
    const known = await this.replicas.findMany(tx, keys);
    const documents: Written[] = [];
    const states: Written[] = [];
    for (const name of names) {
      const key = ownedKey(name, this.site);
      const device = found.get(name);
      documents.push({ key, content: device ? await this.documents.contentOf(tx, device) : null });
      states.push({ key, content: device ? stateOf(device) : null });
    }
    const belonging = { dataClass: 'site', owner: this.site } as const;
    await log.recordMany(tx, this.documents, changed(this.documents, documents, known), belonging);
    await log.recordMany(tx, STATE, changed(STATE, states, known), belonging);
    return taken.length;
  }
}

interface Written {
  readonly key: string;
  readonly content: unknown;
}

interface ToldKind {
  readonly kind: string;
  understand(content: unknown): unknown;
}

/** Words of a newer release that this one leaves alone are no change. */
function changed(
  kind: ToldKind,
  written: readonly Written[],
  known: ReadonlyMap<string, StoredReplica>,
): readonly Written[] {
  return written.filter(({ key, content }) => {
    const before = known.get(`${kind.kind}/${key}`)?.replica.content ?? null;
    return !sameJson(before === null ? null : understood(kind, before), content);
  });
}

function understood(kind: ToldKind, content: unknown): unknown {
  try {
    return kind.understand(content);
  } catch {
    return undefined;
  }
}

function stateOf({ metadata, status }: Resource<DeviceSpec, DeviceStatus>): DeviceState {
  const { uid, generation, createdAt, updatedAt } = metadata;
  return { uid, generation, createdAt, updatedAt, status };
}
