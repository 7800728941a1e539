import type { ContentReach } from '@muster/contracts/agent/content.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { BoundaryGroupSpec } from '@muster/contracts/kinds/boundary-group.js';
import { BadCopies, sourcesOf } from '../../apps/agent/src/content/bad-copies.js';
import { BoundaryMap } from '../../apps/content/src/boundaries/boundary-map.js';
import { ContentSourceFinder } from '../../apps/content/src/location/content-sources.js';
import { ContentLocator } from '../../apps/content/src/location/locate.js';
import { randomNumbers, sample } from '../faults/random.js';

const MANIFEST = digestOf('manifest');
const BLOB = digestOf('blob');
const POINTS = ['north', 'south', 'east', 'west', 'far'];
const GROUPS = ['berlin', 'paris', 'rome', 'centre'];
/** Without anything said, a neighbour and the default group are so far away. */
const USUAL = 120;

interface Place {
  readonly groups: readonly { readonly name: string; readonly spec: BoundaryGroupSpec }[];
  readonly points: readonly {
    readonly name: string;
    readonly uid: string;
    readonly spec: { maintenance: boolean; internet: boolean };
  }[];
  /** Of the networks 10.0.0.0/16 to 10.3.0.0/16 that groups have. */
  readonly network: number;
  readonly reach: ContentReach | undefined;
}

/**
 * Compares, for places made at random: the points that `muster explain` says an item would come from, those that the site tells the agent,
 * and those that the agent tries, each in its order, beside distances that were written down from the specification. Undefined: all agree.
 */
export async function findContentDisagreement(
  seed: number,
  count: number,
  reached = new Map<string, number>(),
): Promise<string | undefined> {
  for (let number = seed; number < seed + count; number += 1) {
    const place = randomPlace(randomNumbers(number));
    const wanted = place.points.flatMap(({ name }) => {
      const minutes = distanceOf(place, name);
      return minutes === undefined ? [] : [{ name, minutes }];
    });
    const said = await ordersOf(place);
    const minutesOf = new Map(wanted.map(({ name, minutes }) => [name, minutes]));
    const distances = said.explain.map((point) => minutesOf.get(point) ?? NaN);
    const inOrder = distances.every((minutes, index) => index === 0 || minutes >= (distances[index - 1] ?? 0));
    const same = [said.told, said.tried].every((order) => order.join() === said.explain.join());
    reached.set(`${wanted.length} points`, (reached.get(`${wanted.length} points`) ?? 0) + 1);
    if (
      !same ||
      !inOrder ||
      said.explain.length !== wanted.length ||
      said.triedWithBad.join() !== last(said.explain).join()
    )
      return `place ${number}:\n${JSON.stringify({ said, wanted, place }, undefined, 2)}`;
  }
  return undefined;
}

function randomPlace(random: () => number): Place {
  const some = <Item>(items: readonly Item[], most: number) => sample(items, Math.floor(random() * (most + 1)), random);
  const last = GROUPS[Math.floor(random() * (GROUPS.length + 1))];
  const minutes = () => sample([undefined, 0, 10, 60, 120, 500, 'never' as const], 1, random)[0];
  const named = random() < 0.1 ? [] : GROUPS.slice(0, 1 + Math.floor(random() * GROUPS.length));
  return {
    groups: named.map((name) => ({
      name,
      spec: {
        addresses: some([0, 1, 2, 3], 2).map((network) => `10.${network}.0.0/16`),
        points: some(POINTS, 3),
        neighbours: some(GROUPS, 3).flatMap((group) => (group === name ? [] : [{ group, minutes: minutes() }])),
        ...(name === last ? { isDefault: true } : {}),
      },
    })),
    points: sample(POINTS, 1 + Math.floor(random() * POINTS.length), random).map((name) => ({
      name,
      uid: name,
      spec: { maintenance: random() < 0.1, internet: random() < 0.3 },
    })),
    network: Math.floor(random() * 5),
    reach:
      random() < 0.5
        ? undefined
        : {
            neighbours: random() < 0.5,
            defaultGroup: random() < 0.5,
            ...(random() < 0.2 ? { internet: true as const } : {}),
          },
  };
}

/** How far a point is, from content.md 3 and deployments.md 3.6: the nearest way of all; undefined: none leads there. */
function distanceOf({ groups, points, network, reach }: Place, point: string): number | undefined {
  const { maintenance, internet } = points.find(({ name }) => name === point)!.spec;
  if (maintenance) return undefined;
  if (reach?.internet === true) return internet ? 0 : undefined;
  if (groups.length === 0) return 0;
  const here = groups.filter(({ spec }) => spec.addresses?.includes(`10.${network}.0.0/16`));
  const ways = groups
    .filter(({ spec }) => spec.points.includes(point))
    .flatMap(({ name, spec }) => {
      if (here.some((one) => one.name === name)) return [-1];
      if (reach && !(spec.isDefault ? reach.defaultGroup : reach.neighbours)) return [];
      if (here.length === 0) return spec.isDefault ? [0] : [];
      return here.flatMap((one) => {
        const said = one.spec.neighbours?.find(({ group }) => group === name);
        if (!said) return spec.isDefault ? [USUAL] : [];
        return said.minutes === 'never' ? [] : [said.minutes ?? USUAL];
      });
    });
  return ways.length === 0 ? undefined : Math.min(...ways);
}

/** What the site and the agent make of a place: the real ones, over tables that only this place is in. */
async function ordersOf({ groups, points, network, reach }: Place) {
  const boundaries = new BoundaryMap(undefined as never, { findAll: async () => groups } as never, 'S01');
  const held = points.map((point) => ({ ...point, manifest: MANIFEST }));
  const locations = {
    findPoints: async () => held,
    findPointsOfEach: async () => held,
    findBadCopies: async () => new Set<string>(),
  };
  const manifest = JSON.stringify({ version: 1, files: [{ path: 'file', size: 1, digest: BLOB }] });
  const locator = new ContentLocator(
    undefined as never,
    { findManifest: async () => manifest } as never,
    locations as never,
    boundaries,
    { point: () => ({ presignGet: (key: string) => key }) } as never,
    { want: async () => [] } as never,
    undefined as never,
  );
  const address = `10.${network}.0.5`;
  const finder = new ContentSourceFinder(undefined as never, locations as never, boundaries);
  const { contents } = await finder.explain([MANIFEST], [address], reach);
  const explain = contents[0]!.sources.map(({ point }) => point);
  const located = await locator.locate(MANIFEST, undefined, address, reach).catch((error: unknown) => {
    if ((error as { code?: string }).code === 'content.no-near-point') return undefined;
    throw error;
  });
  const bad = new BadCopies(MANIFEST);
  const given = located ? (sourcesOf(located as never).get(BLOB) ?? []) : [];
  const tried = bad.order(BLOB, given).map(({ point = '' }) => point);
  if (given[0]) bad.note(BLOB, given[0], 'wrong-bytes');
  const triedWithBad = bad.order(BLOB, given).map(({ point = '' }) => point);
  return { explain, told: (located?.sources ?? []).map(({ point }) => point), tried, triedWithBad };
}

/** A point that gave a bad copy is asked last. */
function last([first, ...others]: readonly string[]): string[] {
  return first === undefined ? [] : [...others, first];
}
