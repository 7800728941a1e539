import { Inject, Injectable } from '@nestjs/common';
import type {
  CollectionUses,
  MemberList,
  MembershipExplanation,
  MembershipPreview,
  MembershipPreviewRequest,
} from '@muster/contracts/kinds/collection-members.js';
import { namedCollections, type CollectionSpec, type CollectionStatus } from '@muster/contracts/kinds/collection.js';
import { retrievePolicy } from '@muster/contracts/requests/retrieve-policy.js';
import type { Resource } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import { audit } from '@muster/persistence/audit.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { DeploymentRepository } from '../deployments/deployment.repository.js';
import { DeviceRepository } from '../devices/device.repository.js';
import { CollectionGraphRepository } from '../membership/collection-graph.repository.js';
import { explainMembership } from '../membership/explain-membership.js';
import { MembershipRepository } from '../membership/membership.repository.js';
import { evaluated } from '../membership/wanted-devices.js';
import { refuseMissing } from '../missing-reference.js';
import { ClientSettingsRepository } from '../settings/client-settings.repository.js';
import { refuseWindowsOfOneName } from '../windows/window.rules.js';
import { refuseCircle, refuseWrongQueries } from './collection.rules.js';
import { COLLECTIONS } from './collections.token.js';

const EXAMPLES = 100;
const MOST_USES = 1_000;
/** Of a collection that is not saved: no row has it. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Who is in a collection, who would be, and why. Changes nothing. */
@Injectable()
export class MembersService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(COLLECTIONS) private readonly collections: ResourceStore<CollectionSpec, CollectionStatus>,
    @Inject(MembershipRepository) private readonly members: MembershipRepository,
    @Inject(CollectionGraphRepository) private readonly graph: CollectionGraphRepository,
    @Inject(DeviceRepository) private readonly devices: DeviceRepository,
    @Inject(DeploymentRepository) private readonly deployments: DeploymentRepository,
    @Inject(ClientSettingsRepository) private readonly settings: ClientSettingsRepository,
    @Inject(Bus) private readonly bus: Bus,
  ) {}

  /**
   * Calls the members of a collection to come for their policy now.
   * @throws MusterError `resource.not-found`, `bus.no-answer`
   */
  async callForPolicy(name: string, actor: string): Promise<Resource<CollectionSpec, CollectionStatus>> {
    const found = await this.existing(name);
    const { uid } = found.metadata;
    await this.bus.request(retrievePolicy, { collection: uid });
    await this.database.transaction((tx) =>
      audit(tx, { actor, action: 'called', kind: 'Collection', name, uid, correlationId: currentTraceId() }),
    );
    return (await this.collections.derive([found]))[0] ?? found;
  }

  /** @throws MusterError `resource.not-found`, `request.bad-continue` */
  async list(name: string, page: { limit: number; continue?: string | undefined }): Promise<MemberList> {
    const [after = ''] = decodePosition(page.continue, ['string']);
    const { uid } = (await this.existing(name)).metadata;
    const found = await this.members.page(this.database, uid, after, page.limit + 1);
    const items = found.slice(0, page.limit);
    const last = items.at(-1);
    return {
      metadata: found.length > page.limit && last ? { continue: encodePosition([last.name]) } : {},
      items,
    };
  }

  /** @throws MusterError `resource.not-found` for the collection or the device */
  async explain(name: string, deviceName: string): Promise<MembershipExplanation> {
    return this.explainSpec(name, (await this.existing(name)).spec, deviceName);
  }

  private async explainSpec(name: string, spec: CollectionSpec, deviceName: string): Promise<MembershipExplanation> {
    const device = await this.devices.uidOf(this.database, deviceName);
    if (device === undefined) {
      throw new MusterError('not-found', 'resource.not-found', `There is no Device "${deviceName}"`);
    }
    const named = namedCollections(spec).map((one) => one.name);
    const queries = spec.rules.flatMap((rule) => ('query' in rule ? [rule.query] : []));
    return explainMembership(
      name,
      spec,
      { name: deviceName, unknown: await this.members.asUnknown(this.database, device) },
      await this.members.collectionsWith(this.database, device, named),
      await this.members.answers(this.database, device, [...new Set(queries)]),
    );
  }

  /**
   * @throws MusterError what saving it would say: `deployment.query-invalid`, `deployment.window-name-taken`, `deployment.collection-circle`,
   *   `deployment.missing-reference` for collections that are not there; `resource.not-found` for a device that shall be explained;
   *   devices of rules that are not there are nobody
   */
  async preview({ name, spec, device }: MembershipPreviewRequest): Promise<MembershipPreview> {
    refuseWrongQueries(name ?? 'that is not saved', spec);
    refuseWindowsOfOneName(name ?? 'that is not saved', spec);
    const named = namedCollections(spec);
    const names = named.map((one) => one.name);
    if (name !== undefined) refuseCircle(name, named, await this.graph.below(this.database, names));
    const uids = await this.graph.uids(this.database, names);
    refuseMissing(
      `Collection "${name ?? 'that is not saved'}"`,
      named
        .filter((one) => !uids.has(one.name))
        .map((one) => ({ ...one, kind: 'Collection', fix: 'Correct the name, or make that collection first' })),
    );
    const now = name === undefined ? undefined : await this.collections.rows.find(this.database, name);
    const wanted = evaluated(now?.metadata.uid ?? NOBODY, spec, uids);
    const preview = await this.members.preview(this.database, wanted, EXAMPLES);
    if (device === undefined) return preview;
    return { ...preview, explanation: await this.explainSpec(name ?? 'not-saved', spec, device) };
  }

  /** @throws MusterError `resource.not-found` */
  async uses(name: string): Promise<CollectionUses> {
    await this.existing(name);
    const deployments = await this.deployments.targeting(this.database, name, MOST_USES);
    const used = await this.graph.uses(this.database, name, MOST_USES);
    const names = (how: 'limits' | 'includes' | 'excludes') => used.flatMap((one) => (one[how] ? [one.name] : []));
    return {
      deployments,
      limits: names('limits'),
      includedBy: names('includes'),
      excludedBy: names('excludes'),
      settings: await this.settings.naming(this.database, name, MOST_USES),
    };
  }

  private async existing(name: string): Promise<Resource<CollectionSpec, CollectionStatus>> {
    const found = await this.collections.rows.find(this.database, name);
    if (found) return found;
    throw new MusterError('not-found', 'resource.not-found', `There is no Collection "${name}"`);
  }
}
