import type { ContentReach } from '@muster/contracts/agent/content.js';
import type { DistributionPointSpec } from '@muster/contracts/kinds/distribution-point.js';
import type { BoundaryGroupSpec } from '@muster/contracts/kinds/boundary-group.js';
import { isElsewhere } from '@muster/contracts/kinds/point-reference.js';
import type { Database } from '@muster/persistence/database.js';
import type { BoundaryRepository } from './boundary.repository.js';
import {
  orderPoints,
  ownPoints,
  tellingAddress,
  toBoundary,
  type Boundary,
  type Candidate,
  type OrderedPoints,
} from './order-points.js';

/** What was changed elsewhere is known here after this long. */
const FRESH_MILLISECONDS = 1_000;

/** The boundary groups, kept ready: every download of every device begins with a question to them. */
export class BoundaryMap {
  private known: { boundaries: Promise<Boundary[]>; at: number } | undefined;

  constructor(
    private readonly database: Database,
    private readonly repository: BoundaryRepository,
    private readonly site: string,
  ) {}

  /** Points that have some content, ordered for a device with this address. */
  async order(
    points: readonly { name: string; spec: DistributionPointSpec }[],
    address: string | undefined,
    reach?: ContentReach,
  ): Promise<OrderedPoints> {
    return orderPoints(await this.boundaries(), { address, site: this.site, reach }, points.map(toCandidate));
  }

  /** Of these points those that a device with this address counts as its own. */
  async ownPoints(
    points: readonly { name: string; spec: DistributionPointSpec }[],
    address: string | undefined,
    reach?: ContentReach,
  ): Promise<string[]> {
    return ownPoints(await this.boundaries(), { address, site: this.site, reach }, points.map(toCandidate));
  }

  /** Of the addresses of a device the one that says where it is. */
  async tellingAddress(addresses: readonly string[]): Promise<string | undefined> {
    return tellingAddress(await this.boundaries(), addresses);
  }

  private boundaries(): Promise<Boundary[]> {
    const now = Date.now();
    if (!this.known || now - this.known.at > FRESH_MILLISECONDS) {
      const boundaries = this.read();
      this.known = { boundaries, at: now };
      // A failure is not kept.
      boundaries.catch(() => (this.known = undefined));
    }
    return this.known.boundaries;
  }

  private async read(): Promise<Boundary[]> {
    const groups = await this.repository.findAll(this.database);
    return ofOtherSitesOnly(groups) ? [] : groups.map(({ name, spec }) => toBoundary(name, spec));
  }
}

/** Groups that name points, but none of this site, do not say which of its points are near to whom: for it they are as if there were none. */
export function ofOtherSitesOnly(groups: readonly { readonly spec: BoundaryGroupSpec }[]): boolean {
  return groups.length > 0 && groups.every(({ spec }) => spec.points.length > 0 && spec.points.every(isElsewhere));
}

function toCandidate({ name, spec }: { name: string; spec: DistributionPointSpec }): Candidate {
  return { name, inMaintenance: spec.maintenance === true, forInternet: spec.internet === true };
}
