import { createHash } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { plainAddress } from '@muster/contracts/address-range.js';
import type { ContentReach, ContentSource } from '@muster/contracts/agent/content.js';
import { NEIGHBOUR_MINUTES, type BoundaryGroupSpec } from '@muster/contracts/kinds/boundary-group.js';

/** A boundary group, ready to be asked which addresses it contains. */
export interface Boundary {
  readonly name: string;
  readonly spec: BoundaryGroupSpec;
  readonly ranges: BlockList;
}

/** Where a device is. */
export interface Whereabouts {
  /** IPv4 or IPv6; undefined: not known, and in no range. */
  readonly address: string | undefined;
  /** The code of the site that it belongs to. */
  readonly site: string;
  /** Beyond its groups, which points the deployment allows (deployments.md 3.6); undefined: all. */
  readonly reach?: ContentReach | undefined;
}

/** A point that has the content. */
export interface Candidate {
  readonly name: string;
  readonly inMaintenance: boolean;
  readonly forInternet?: boolean;
}

/** Which points a device is sent to, best first, and which it is not. Each with a sentence that says why. */
export interface OrderedPoints {
  readonly groups: string[];
  readonly sources: ContentSource[];
  readonly leftOut: ContentSource[];
}

/** Nearer than any neighbour. */
const CURRENT = -1;

/** How near a point is: the smaller, the better; `never` is not at all. */
interface Distance {
  readonly minutes: number | 'never';
  readonly reason: string;
}

export function toBoundary(name: string, spec: BoundaryGroupSpec): Boundary {
  const ranges = new BlockList();
  for (const range of spec.addresses ?? []) {
    const [network = '', prefix = ''] = range.split('/');
    ranges.addSubnet(network, Number(prefix), isIP(network) === 4 ? 'ipv4' : 'ipv6');
  }
  return { name, spec, ranges };
}

/** Names of the groups that a device is in: all whose ranges contain its address, or that name its site (BG-01). Pure. */
export function currentGroups(boundaries: readonly Boundary[], { address, site }: Whereabouts): string[] {
  const plain = address === undefined ? '' : plainAddress(address);
  const family = isIP(plain);
  return boundaries
    .filter(
      ({ spec, ranges }) =>
        (spec.sites ?? []).includes(site) || (family !== 0 && ranges.check(plain, family === 4 ? 'ipv4' : 'ipv6')),
    )
    .map(({ name }) => name);
}

/**
 * Of the addresses of a device the one that says where it is: the first that the ranges of a group contain, else the first.
 * Undefined when there is none. Pure.
 */
export function tellingAddress(boundaries: readonly Boundary[], addresses: readonly string[]): string | undefined {
  const contained = addresses.find((address) => {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && boundaries.some(({ ranges }) => ranges.check(plain, family === 4 ? 'ipv4' : 'ipv6'));
  });
  return contained ?? addresses[0];
}

/**
 * Orders points for a device: those of its current groups, then those of their direct neighbours by minutes, then those
 * of the default group (content.md BG-01 to BG-05). Nobody waits for the minutes: they are an order. Equals are ordered
 * by a hash of device and point, so that devices spread over points and each comes back to the same ones. Without any
 * boundary group every point serves everybody. A device on the Internet is in no network that a boundary could name: points for the
 * Internet serve it, and no others. Pure.
 */
export function orderPoints(
  boundaries: readonly Boundary[],
  where: Whereabouts,
  candidates: readonly Candidate[],
): OrderedPoints {
  const current = currentGroups(boundaries, where);
  const distanceOf = measure(boundaries, current, where);
  const offered: { source: ContentSource; minutes: number; chance: string }[] = [];
  const leftOut: ContentSource[] = [];
  for (const candidate of candidates) {
    const { name, inMaintenance } = candidate;
    const distance = distanceOf(candidate);
    if (inMaintenance) leftOut.push({ point: name, reason: 'the point is in maintenance' });
    else if (!distance) leftOut.push({ point: name, reason: notNear(boundaries, name, current, where) });
    else if (distance.minutes === 'never') leftOut.push({ point: name, reason: distance.reason });
    else {
      const chance = createHash('sha256')
        .update(JSON.stringify([where.address, name]))
        .digest('hex');
      offered.push({ source: { point: name, reason: distance.reason }, minutes: distance.minutes, chance });
    }
  }
  offered.sort((a, b) => a.minutes - b.minutes || (a.chance < b.chance ? -1 : 1));
  leftOut.sort((a, b) => (a.point < b.point ? -1 : 1));
  return { groups: current, sources: offered.map(({ source }) => source), leftOut };
}

/**
 * The points that a device counts as its own: those of its current groups, of the default group where it is in none, and all where there
 * are no groups. Not those in maintenance. Pure.
 */
export function ownPoints(
  boundaries: readonly Boundary[],
  where: Whereabouts,
  candidates: readonly Candidate[],
): string[] {
  const current = currentGroups(boundaries, where);
  const distanceOf = measure(boundaries, current, where);
  const farthest = current.length === 0 || where.reach?.internet === true ? 0 : CURRENT;
  return candidates.flatMap((candidate) => {
    const distance = distanceOf(candidate);
    return !candidate.inMaintenance && distance && rank(distance) <= farthest ? [candidate.name] : [];
  });
}

/** How near each point is to a device; undefined: no way leads there. */
function measure(
  boundaries: readonly Boundary[],
  current: readonly string[],
  where: Whereabouts,
): (candidate: Candidate) => Distance | undefined {
  const everywhere: Distance = { minutes: 0, reason: 'this site has no boundary groups: every point serves' };
  const distances = boundaries.length === 0 ? undefined : distancesOf(boundaries, current, where);
  return ({ name, forInternet }) => {
    if (where.reach?.internet === true) return onInternet(forInternet === true);
    return distances === undefined ? everywhere : distances.get(name);
  };
}

function onInternet(forInternet: boolean): Distance {
  return forInternet
    ? { minutes: 0, reason: 'the device is on the Internet, and the point is for the Internet' }
    : { minutes: 'never', reason: 'the device is on the Internet, and the point is not for the Internet' };
}

/** The nearest way to each point that some way leads to. */
function distancesOf(
  boundaries: readonly Boundary[],
  current: readonly string[],
  where: Whereabouts,
): Map<string, Distance> {
  const byName = new Map(boundaries.map((boundary) => [boundary.name, boundary]));
  const points = new Map<string, Distance>();
  const add = (group: string, distance: Distance) => {
    for (const point of byName.get(group)?.spec.points ?? []) {
      const known = points.get(point);
      if (!known || rank(distance) < rank(known)) points.set(point, distance);
    }
  };
  for (const group of current) add(group, { minutes: CURRENT, reason: `current boundary group ${group}` });
  for (const [group, distance] of neighboursOf(boundaries, byName, current, where)) add(group, distance);
  const last = boundaries.find(({ spec }) => spec.isDefault);
  if (current.length === 0 && last) {
    const who = where.address === undefined ? 'the address is not known' : `no boundary contains ${where.address}`;
    add(last.name, allowed(where, 'default', { minutes: 0, reason: `default boundary group ${last.name}: ${who}` }));
  }
  return points;
}

/** The nearest link from a current group to each other one. The default group is a neighbour of all that do not say otherwise (BG-03). */
function neighboursOf(
  boundaries: readonly Boundary[],
  byName: ReadonlyMap<string, Boundary>,
  current: readonly string[],
  where: Whereabouts,
): Map<string, Distance> {
  const found = new Map<string, Distance>();
  const add = (group: string, distance: Distance) => {
    if (current.includes(group)) return;
    const known = found.get(group);
    if (!known || rank(distance) < rank(known)) found.set(group, distance);
  };
  for (const name of current) {
    const neighbours = byName.get(name)?.spec.neighbours ?? [];
    for (const { group, minutes = NEIGHBOUR_MINUTES } of neighbours) {
      const what = byName.get(group)?.spec.isDefault ? 'default' : 'neighbour';
      add(group, allowed(where, what, link('neighbour', name, group, minutes)));
    }
    for (const { name: last, spec } of boundaries) {
      if (!spec.isDefault || neighbours.some(({ group }) => group === last)) continue;
      add(last, allowed(where, 'default', link('default', name, last, NEIGHBOUR_MINUTES)));
    }
  }
  return found;
}

/** A way that the deployment does not allow leads nowhere. */
function allowed({ reach }: Whereabouts, what: 'neighbour' | 'default', way: Distance): Distance {
  const open = reach === undefined || (what === 'default' ? reach.defaultGroup : reach.neighbours);
  return open ? way : { minutes: 'never', reason: `${way.reason}: not for this deployment` };
}

function link(what: string, from: string, to: string, minutes: number | 'never'): Distance {
  const far = minutes === 'never' ? `that ${from} never uses` : `${minutes} minutes from ${from}`;
  return { minutes, reason: `${what} boundary group ${to}, ${far}` };
}

function rank({ minutes }: Distance): number {
  return minutes === 'never' ? Infinity : minutes;
}

function notNear(
  boundaries: readonly Boundary[],
  point: string,
  current: readonly string[],
  where: Whereabouts,
): string {
  const groups = boundaries.filter(({ spec }) => spec.points.includes(point)).map(({ name }) => name);
  if (groups.length === 0) return 'the point is in no boundary group';
  const named = `${groups.slice(0, 3).join(', ')}${groups.length > 3 ? ` and ${groups.length - 3} more` : ''}`;
  if (current.length > 0) return `only in ${named}: no neighbour of the current boundary groups`;
  const who = where.address === undefined ? 'the address is not known' : `no boundary contains ${where.address}`;
  const last = boundaries.find(({ spec }) => spec.isDefault);
  const other = last ? `default group ${last.name} does not have it` : 'there is no default group';
  return `only in ${named}: ${who}, and ${other}`;
}
