import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { DevicesBelowQuery } from '@muster/contracts/kinds/device-list.js';
import { API_VERSION, type Resource, type ResourceInput, type ResourceList } from '@muster/contracts/resource.js';
import { isAtOrBelow } from '@muster/hierarchy/sites.js';
import { audit } from '@muster/persistence/audit.js';
import type { Database, Queryable, Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { HierarchyRepository } from '@muster/replication/hierarchy.repository.js';
import type { ReplicaLog } from '@muster/replication/replica-log.js';
import { ReplicaRepository } from '@muster/replication/replica.repository.js';
import { ownedKey, ownerOf } from '@muster/service/replication/owned-replicas.js';
import { ReplicatedResource } from '@muster/service/replication/replicated-resource.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { Variables } from '../variables/variables.service.js';
import { DevicesBelowRepository, type DeviceBelow } from './devices-below.repository.js';

type Device = Resource<DeviceSpec, DeviceStatus>;

/** What a caller wants of a write. */
interface Writing {
  readonly actor: string;
  readonly dryRun: boolean;
  readonly ifMatch?: string | undefined;
}

/** Devices of the sites below this one: to look at, and to write what people want of them. */
export class DevicesBelow {
  private readonly rows = new DevicesBelowRepository();
  private readonly replicas = new ReplicaRepository();
  private readonly documents: ReplicatedResource<DeviceSpec, DeviceStatus>;

  constructor(
    private readonly site: string,
    private readonly database: Database,
    devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly variables: Variables,
    private readonly log: ReplicaLog | undefined,
  ) {
    this.documents = new ReplicatedResource(devices);
  }

  /** A page in the order of names, then of sites. Throws MusterError `request.bad-continue`. */
  async list({ limit = 100, continue: token, ...which }: DevicesBelowQuery): Promise<ResourceList<Device>> {
    const [after = ''] = decodePosition(token, ['string']);
    const found = await this.rows.page(this.database, this.site, { ...which, after, limit: limit + 1 });
    const last = found.length > limit ? found[limit - 1] : undefined;
    return {
      apiVersion: API_VERSION,
      kind: `${device.kind}List`,
      metadata: last === undefined ? {} : { continue: encodePosition([last.key]) },
      items: found.slice(0, limit).map((one) => this.toResource(one)),
    };
  }

  /** @throws MusterError `hierarchy.no-such-site`, `resource.not-found` */
  async get(site: string, name: string): Promise<Device> {
    await this.requireBelow(site);
    return this.toResource(await this.find(this.database, site, name));
  }

  /**
   * Says what is wanted of a device: labels, description, variables. Its own site puts that to use when it hears of it; a concurrent
   * write there makes a conflict, as everywhere.
   *
   * @throws MusterError `hierarchy.no-such-site`, `resource.not-found`, `resource.stale-version`, `variable.value-missing`
   */
  async apply(site: string, sent: ResourceInput<DeviceSpec>, writing: Writing): Promise<Device> {
    await this.requireBelow(site);
    const { name } = sent.metadata;
    const input = await this.variables.seal(sent);
    const key = ownedKey(name, site);
    return this.database.transaction(async (tx) => {
      // The lock comes first: what is read behind it is what is overwritten.
      await this.replicas.findForUpdate(tx, { kind: device.kind, key });
      const before = await this.find(tx, site, name);
      const current = this.toResource(before);
      requireCurrent(current, writing.ifMatch ?? sent.metadata.resourceVersion);
      const merged = this.variables.merge(current, input);
      const content = this.contentOf(before, merged);
      if (writing.dryRun) return this.toResource({ ...before, document: content });
      await this.log?.record(tx, this.documents, key, content, { dataClass: 'site', owner: site });
      await audit(tx, {
        actor: writing.actor,
        action: 'changed',
        kind: device.kind,
        name,
        uid: current.metadata.uid,
        details: { site },
        correlationId: currentTraceId(),
      });
      return this.toResource(await this.find(tx, site, name));
    });
  }

  private contentOf({ document }: DeviceBelow, { metadata, spec }: ResourceInput<DeviceSpec>): unknown {
    const { displayName, folder, labels } = metadata;
    const { sealed } = document as { sealed?: Record<string, string> };
    const values = this.variables.stillSealed(spec, sealed ?? {});
    return {
      metadata: {
        ...(displayName === undefined ? {} : { displayName }),
        ...(folder === undefined ? {} : { folder }),
        ...(labels === undefined ? {} : { labels }),
      },
      spec,
      ...(Object.keys(values).length === 0 ? {} : { sealed: values }),
    };
  }

  private async requireBelow(site: string): Promise<void> {
    const { places } = await new HierarchyRepository().read(this.database, this.site);
    if (site !== this.site && isAtOrBelow(site, this.site, places)) return;
    throw new MusterError(
      'not-found',
      'hierarchy.no-such-site',
      `There is no site ${site} below ${this.site}. "muster hierarchy sites" shows them`,
    );
  }

  private async find(database: Queryable | Transaction, site: string, name: string): Promise<DeviceBelow> {
    const found = await this.rows.find(database, ownedKey(name, site));
    if (found) return found;
    throw new MusterError(
      'not-found',
      'resource.not-found',
      `There is no Device "${name}" of site ${site}, or it has not told of it yet`,
    );
  }

  private toResource({ key, stamp, document, state }: DeviceBelow): Device {
    const { name = key, site } = ownerOf(key) ?? {};
    const { metadata, spec } = this.documents.understand(document) as Pick<Device, 'metadata' | 'spec'>;
    const { status, ...rest } = state;
    return {
      apiVersion: API_VERSION,
      kind: device.kind,
      metadata: { ...metadata, ...rest, name, resourceVersion: String(stamp) },
      spec,
      status: { ...status, site },
    };
  }
}

function requireCurrent(current: Device, expected: string | undefined): void {
  const { name, resourceVersion } = current.metadata;
  if (expected === undefined || expected === resourceVersion) return;
  throw new MusterError(
    'conflict',
    'resource.stale-version',
    `Device "${name}" has changed: you saw version ${expected}, it is ${resourceVersion} now. Read it again and repeat your change`,
    { current },
  );
}
