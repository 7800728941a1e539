import { MOST_USERS, type ContentUses } from '@muster/contracts/kinds/content-uses.js';
import { findDeploymentUses, findNodeUses } from '@muster/contracts/requests/find-uses.js';
import type { Bus } from '@muster/messaging/bus.js';
import type { Database } from '@muster/persistence/database.js';
import type { REFERENCE_KINDS } from '@muster/sequence/steps/definition.js';
import type { ApplicationRepository } from '../applications/application.repository.js';
import type { ReferenceRepository } from '../distributions/reference.repository.js';

/** Says who names content or an application. Each answer is that of the moment; what is not there has users too. */
export class ContentUsesService {
  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly applications: ApplicationRepository,
    private readonly references: ReferenceRepository,
  ) {}

  /** @throws MusterError `bus.no-answer` and the like, when the catalog or policy cannot be asked */
  async find(kind: (typeof REFERENCE_KINDS)[number], name: string): Promise<ContentUses> {
    const limit = MOST_USERS + 1;
    const [nodes, deployments, applications, distributions] = await Promise.all([
      this.bus.request(findNodeUses, { kind, name, limit }),
      this.bus.request(findDeploymentUses, { kind, name, limit }),
      this.applications.findUses(this.database, { kind, name }, limit),
      kind === 'Application' ? [] : this.references.findDistributionsOf(this.database, { kind, name }, limit),
    ]);
    return {
      kind,
      name,
      sequences: some(nodes.items),
      applications: some(applications),
      deployments: some(deployments.items),
      distributions: some(distributions),
    };
  }
}

function some<Item>(items: readonly Item[]): { items: Item[]; more: boolean } {
  return { items: items.slice(0, MOST_USERS), more: items.length > MOST_USERS };
}
