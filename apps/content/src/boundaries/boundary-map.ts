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

/**
 * Groups that lead to points, but to none of this site, do not say which of its points are near to whom: for it they are as if there were
 * none. One without points leads to those of its neighbours, or of the default group; one without any keeps devices from all points,
 * and that counts.
 */
export function ofOtherSitesOnly(groups: readonly { readonly spec: BoundaryGroupSpec }[]): boolean {
  const last = groups.find(({ spec }) => spec.isDefault)?.spec;
  const leadsElsewhere = (spec: BoundaryGroupSpec) => {
    const { points, neighbours = last && last !== spec ? [{ minutes: undefined }] : [] } = spec;
    return points.every(isElsewhere) && (points.length > 0 || neighbours.some(({ minutes }) => minutes !== 'never'));
  };
  return groups.some(({ spec }) => spec.points.length > 0) && groups.every(({ spec }) => leadsElsewhere(spec));
}

function toCandidate({ name, spec }: { name: string; spec: DistributionPointSpec }): Candidate {
  return { name, inMaintenance: spec.maintenance === true, forInternet: spec.internet === true };
}
